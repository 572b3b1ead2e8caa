// Which volume is it? Docker's volumes have a name and a creation time, and no id. A name that comes back with another
// creation time is another volume, with one exception: the local driver reads the creation time off a directory's
// ctime (moby, volume/local: CreatedAt), which moves when that directory is written to, so a volume may seem to grow
// younger while it is there. Docker does not remove a volume that a container refers to; where such a container has
// stayed, so has the volume.

export type KnownVolume = {
  readonly id: number
  // As reported; empty where the driver has none.
  readonly createdAt: string
  readonly goneAt: string | null
  // A container that refers to it was there before this report and is there after it.
  readonly heldThroughout: boolean
}

export type VolumeMatch =
  | { readonly kind: 'same'; readonly id: number }
  // replaces: the one of this name that was thought to exist, and does not.
  | { readonly kind: 'another'; readonly replaces: number | null }

// known: every volume that ever bore the name on this host.
export const matchVolume = (known: readonly KnownVolume[], createdAt: string): VolumeMatch => {
  const present = known.find(({ goneAt }) => goneAt === null)
  if (present !== undefined) {
    const comparable = present.createdAt !== '' && createdAt !== ''
    return !comparable || present.createdAt === createdAt || present.heldThroughout
      ? { kind: 'same', id: present.id }
      : { kind: 'another', replaces: present.id }
  }
  const returned = createdAt === '' ? undefined : known.findLast((volume) => volume.createdAt === createdAt)
  return returned === undefined ? { kind: 'another', replaces: null } : { kind: 'same', id: returned.id }
}
