import { expect, test } from 'vitest'
import { mountPoints } from './reaper.ts'

test('mount points are read with the blanks and backslashes that the kernel escapes', () => {
  const mountinfo = [
    '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '40 22 0:30 / /var/lib/a\\040b/c\\134d rw shared:1 - overlay overlay rw',
    '',
  ].join('\n')
  expect(mountPoints(mountinfo)).toEqual(['/', '/var/lib/a b/c\\d'])
})
