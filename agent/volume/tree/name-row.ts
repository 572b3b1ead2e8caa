// What is kept of a name, as the words of a row: the directory that it is in, what it leads to, its neighbours in that
// directory, its text, the next name of the same hash, and the next name of the same inode.
export type Name = number
export type Inode = number

export const name = { parent: 0, inode: 1, next: 2, previous: 3, text: 4, length: 5, chain: 6, alias: 7 } as const
export const nameWords = 8
