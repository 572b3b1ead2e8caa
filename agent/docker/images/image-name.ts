// An image's name in its parts; Docker takes `latest` where no tag is said.
export const splitTag = (name: string): { repo: string; tag: string } => {
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/')
    ? { repo: name.slice(0, colon), tag: name.slice(colon + 1) }
    : { repo: name, tag: 'latest' }
}

// As `docker image inspect` lists it among RepoTags; a name with a digest has no tag and stays as it is.
export const withTag = (name: string): string => {
  if (name.includes('@')) return name
  const { repo, tag } = splitTag(name)
  return `${repo}:${tag}`
}

// As Docker tells a registry from a repository's first part (distribution/reference): a dot, a colon, capital letters, or
// `localhost`. null: a bare id, which says nothing of where it came from.
export const registryOf = (name: string): string | null => {
  if (name === '' || /^(sha256:)?[0-9a-f]{64}$/.test(name)) return null
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  return isRegistry ? first : 'docker.io'
}
