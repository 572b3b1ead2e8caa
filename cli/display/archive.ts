import type { CopiedVolume, ImportedVolume, VolumeArchive } from '../../shared/api/archives.ts'
import type { Paint } from './colour.ts'
import { fact, factsText } from './facts.ts'
import { formatBytes, plural } from './quantities.ts'

const contentText = ({ entries, contentBytes }: Pick<VolumeArchive, 'entries' | 'contentBytes'>): string =>
  `${plural(entries, 'entry', 'entries')}, ${formatBytes(contentBytes)} of content`

export const copiedText = (copied: CopiedVolume, paint: Paint, done: 'copied' | 'moved' = 'copied'): string =>
  factsText(
    `${copied.from.host}/${copied.from.volume} was ${done} to ${copied.host}/${copied.volume}.`,
    [
      fact('volume', contentText(copied)),
      fact('verified', `${copied.digest} on both sides`),
      fact('warning', ...copied.warnings.map(({ message }) => message)),
    ],
    paint,
  )

export const importedText = (imported: ImportedVolume, paint: Paint): string =>
  factsText(
    `${imported.host}/${imported.volume} was ${imported.created ? 'made' : 'filled'}.`,
    [
      fact('volume', contentText(imported)),
      fact('tarball', `${formatBytes(imported.archiveBytes)}, SHA-256 ${imported.archiveSha256}`),
      fact('digest', `${imported.digest} of the tree`),
      fact('warning', ...imported.warnings.map(({ message }) => message)),
    ],
    paint,
  )

// file: where it went; undefined: to whoever reads it.
export const archiveText = (archive: VolumeArchive, file: string | undefined, paint: Paint): string =>
  factsText(
    `${archive.host}/${archive.volume} was exported${file === undefined ? '' : ` to ${file}`}.`,
    [
      fact('volume', contentText(archive)),
      fact('tarball', `${formatBytes(archive.archiveBytes)}, SHA-256 ${archive.archiveSha256}`),
      fact('digest', `${archive.digest} of the tree`),
      fact('warning', ...archive.warnings.map(({ message }) => message)),
    ],
    paint,
  )
