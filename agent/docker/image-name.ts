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
