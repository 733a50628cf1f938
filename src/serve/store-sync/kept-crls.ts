/** The revocation lists that the store kept: those that were in force in each place when any were last taken there. */
import { ok, type Result } from '../../kernel/types.ts'
import type { KeptCrls } from '../../revoke/registry.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { parseCrl } from '../../x509/crl.ts'

/** Reads them; what cannot be read any more is left out. */
export async function readKeptCrls({
  revocationLists,
}: Pick<Store, 'revocationLists'>): Promise<Result<readonly KeptCrls[], StoreFailure>> {
  const kept = await revocationLists.kept()
  if (!kept.ok) return kept
  const places = Map.groupBy(kept.value, ({ setting, place }) => `${setting}\n${place}`)
  return ok(
    [...places.values()].flatMap(([first, ...others]) => {
      if (first === undefined) return []
      const crls = [first, ...others].flatMap(({ der }) => {
        const crl = parseCrl(Buffer.from(der))
        return crl.ok ? [crl.value] : []
      })
      return [{ setting: first.setting, place: first.place, crls }]
    }),
  )
}
