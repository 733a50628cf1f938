/**
 * Every call that the API describes, so that no test has to remember them.
 */
export interface DescribedOperation {
  readonly method: string
  /** With its parameters filled in. */
  readonly path: string
  readonly role: string
  readonly takesBody: boolean
}

interface Description {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly 'x-role'?: string
  readonly requestBody?: unknown
}

/** Asks the API what it can do. */
export async function describedOperations(url: string): Promise<readonly DescribedOperation[]> {
  const response = await fetch(`${url}/api/openapi.json`)
  const description = (await response.json()) as Description
  return Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/gu, '11111111-1111-4111-8111-111111111111'),
      role: operation['x-role'] ?? 'undeclared',
      takesBody: operation.requestBody !== undefined,
    })),
  )
}
