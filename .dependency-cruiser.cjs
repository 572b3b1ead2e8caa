// Who may import whom. ARCHITECTURE.md gives the reasons.
const own = '^(shared|coordinator|agent|cli|test|bench)/'
const only = (name, folder, what) => ({
  name,
  severity: 'error',
  comment: `${what} has one owner: ${folder}`,
  from: { path: '^(shared|coordinator|agent|cli)/', pathNot: [`^${folder}`, '\\.test\\.ts$'] },
  to: { path: `node_modules/(${what})(/|$)` },
})

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'shared-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: own, pathNot: '^shared/' },
    },
    {
      name: 'coordinator-imports-only-shared',
      severity: 'error',
      from: { path: '^coordinator/' },
      to: { path: own, pathNot: '^(shared|coordinator)/' },
    },
    {
      name: 'agent-imports-only-shared',
      severity: 'error',
      from: { path: '^agent/' },
      to: { path: own, pathNot: '^(shared|agent)/' },
    },
    {
      name: 'cli-imports-only-shared',
      comment:
        'cli/commands/coordinator.ts and agent.ts start the two processes by their main.ts, and nothing else does.',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: own, pathNot: ['^(shared|cli)/', '^(coordinator|agent)/main\\.ts$'] },
    },
    {
      name: 'only-the-process-commands-start-processes',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/commands/(coordinator|agent)\\.ts$' },
      to: { path: '^(coordinator|agent)/main\\.ts$' },
    },
    {
      name: 'the-saga-knows-only-its-ports',
      severity: 'error',
      from: { path: '^coordinator/migration/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^coordinator/(?!migration/)', 'node_modules/(fastify|@fastify|kysely|better-sqlite3|@grpc)(/|$)'] },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(shared|coordinator|agent|cli)/', pathNot: ['\\.test\\.ts$', '/testing/'] },
      to: { path: ['\\.test\\.ts$', '/testing/', 'node_modules/(vitest|fast-check|tar-stream)(/|$)'] },
    },
    only('dockerode-has-one-owner', 'agent/docker/', 'dockerode'),
    only('sql-has-one-owner', 'coordinator/store/', 'kysely|better-sqlite3'),
    only('koffi-has-one-owner', 'agent/volume/', 'koffi'),
    only('fastify-has-one-owner', 'coordinator/(app\\.ts|routes/)', 'fastify|@fastify'),
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'shared/rpc/generated' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
