/** Why a run can say nothing: something is missing, or an answer was wrong. The command then ends with status 2. */
export class BenchFault extends Error {}
