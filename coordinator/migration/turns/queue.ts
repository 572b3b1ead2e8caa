// Whose turn it is. First come, first served; but one that waits for a busy host lets those pass that do not need it, and
// is itself let wait by so many of them at most. `takeTurns` is pure; the queue around it remembers who is where.

export type Limits = { readonly total: number; readonly perHost: number }

export const defaultLimits: Limits = { total: 4, perHost: 2 }

export type Queued = {
  readonly id: string
  // Where it comes from and where it goes: each counts.
  readonly hosts: readonly string[]
  // How many that came later and need one of its hosts were let through before it.
  readonly overtaken: number
}
type Running = Pick<Queued, 'id' | 'hosts'>

export type WaitsFor =
  | { readonly kind: 'total'; readonly limit: number }
  | { readonly kind: 'host'; readonly host: string; readonly limit: number; readonly ids: readonly string[] }
  // The host has room, which is kept for one that has been passed over often enough.
  | { readonly kind: 'turn'; readonly host: string; readonly id: string }

export type Turns = {
  readonly admitted: readonly string[]
  readonly waiting: readonly (Queued & { readonly waitsFor: WaitsFor })[]
}

const mostOvertakings = 4

// waiting: in the order of their coming.
export const takeTurns = (waiting: readonly Queued[], running: readonly Running[], limits: Limits): Turns => {
  const at = (host: string, among: readonly Running[]) => among.filter(({ hosts }) => hosts.includes(host))
  const kept = new Map<string, string>()
  const now: Running[] = [...running]
  const left: (Queued & { waitsFor: WaitsFor })[] = []
  for (const one of waiting) {
    const full = one.hosts.find((host) => at(host, now).length >= limits.perHost)
    const keptHost = one.hosts.find((host) => kept.has(host))
    if (now.length >= limits.total) {
      left.push({ ...one, waitsFor: { kind: 'total', limit: limits.total } })
    } else if (full !== undefined) {
      const ids = at(full, now).map(({ id }) => id)
      left.push({ ...one, waitsFor: { kind: 'host', host: full, limit: limits.perHost, ids } })
    } else if (keptHost !== undefined) {
      left.push({ ...one, waitsFor: { kind: 'turn', host: keptHost, id: kept.get(keptHost) ?? '' } })
    } else {
      now.push(one)
      for (const [index, earlier] of left.entries()) {
        if (!earlier.hosts.some((host) => one.hosts.includes(host))) continue
        left[index] = { ...earlier, overtaken: earlier.overtaken + 1 }
      }
      continue
    }
    if (one.overtaken >= mostOvertakings) for (const host of one.hosts) kept.set(host, one.id)
  }
  return { admitted: now.slice(running.length).map(({ id }) => id), waiting: left }
}

export const waitsForText = (waitsFor: WaitsFor): string => {
  switch (waitsFor.kind) {
    case 'total':
      return `${waitsFor.limit} migrations are under way, which is as many as there may be (--max-migrations)`
    case 'host':
      return `${waitsFor.host} takes part in as many as it may (--max-migrations-per-host ${waitsFor.limit}): ${waitsFor.ids.join(', ')}`
    case 'turn':
      return `the next turn on ${waitsFor.host} is that of ${waitsFor.id}, which has waited longer`
  }
}

export type Place = { readonly position: number; readonly waitsFor: string }

export const createQueue = (limits: Limits) => {
  const running = new Map<string, Running>()
  let waiting: readonly Queued[] = []
  const places = new Map<string, Place>()

  const remember = (turns: Turns['waiting']): void => {
    waiting = turns.map(({ id, hosts, overtaken }) => ({ id, hosts, overtaken }))
    places.clear()
    for (const [index, { id, waitsFor }] of turns.entries()) {
      places.set(id, { position: index + 1, waitsFor: waitsForText(waitsFor) })
    }
  }

  return {
    // Ids rise with the time of coming: one that comes back has its old place.
    wait: (id: string, hosts: readonly string[]): void => {
      if (running.has(id) || waiting.some((one) => one.id === id)) return
      waiting = [...waiting, { id, hosts, overtaken: 0 }].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    },
    // Without waiting: it counts, whatever the limits are.
    run: (id: string, hosts: readonly string[]): void => {
      waiting = waiting.filter((one) => one.id !== id)
      places.delete(id)
      running.set(id, { id, hosts })
    },
    leave: (id: string): void => {
      waiting = waiting.filter((one) => one.id !== id)
      places.delete(id)
      running.delete(id)
    },
    // Those whose turn has come, and who run from now on.
    admit: (): readonly string[] => {
      const turns = takeTurns(waiting, [...running.values()], limits)
      for (const one of waiting) if (turns.admitted.includes(one.id)) running.set(one.id, one)
      remember(turns.waiting)
      return turns.admitted
    },
    waiting: (): readonly string[] => waiting.map(({ id }) => id),
    placeOf: (id: string): Place | null => places.get(id) ?? null,
  }
}

export type Queue = ReturnType<typeof createQueue>
