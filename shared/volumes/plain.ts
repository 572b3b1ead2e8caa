type Kind = { readonly driver: string; readonly options: Readonly<Record<string, string>> }

// A local volume without options: its data is a plain directory below the engine's data root, and is copied. Of any other kind the
// directory is a view of data that is elsewhere: the volume is made again where the container goes, and nothing is copied.
export const isPlainVolume = ({ driver, options }: Kind): boolean =>
  driver === 'local' && Object.keys(options).length === 0

// What rounds carry: volumes, and directories of the host that are to be copied like them.
export const isCopied = (volume: Kind & { readonly ofHost: boolean }): boolean => volume.ofHost || isPlainVolume(volume)
