# Drayage: `dray coordinator`, `dray agent`, and the commands that ask the coordinator.
#
# Builds with BuildKit and with the classic builder. NODE_IMAGE may be any Debian-like image that has Node 24 and npm;
# one whose npm is set to work offline from a filled cache builds without a network.
ARG NODE_IMAGE=node:24-bookworm-slim

# No dependency needs an install script here: the native ones bring prebuilt programs, and node is the image's own.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /opt/drayage
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/drayage
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY proto proto
COPY shared shared
COPY coordinator coordinator
COPY agent agent
COPY cli cli
RUN npm run -s build && chmod 0755 dist/cli/dray.js

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /opt/drayage
COPY --from=dependencies /opt/drayage ./
COPY proto proto
COPY --from=build /opt/drayage/dist dist
# The coordinator runs as `node` (--user node), and a new volume takes its owner from here.
RUN ln -s /opt/drayage/dist/cli/dray.js /usr/local/bin/dray \
  && install -d -o root -g root -m 0700 /var/lib/drayage/agent \
  && install -d -o node -g node -m 0700 /var/lib/drayage/coordinator
WORKDIR /
# REST, agents, other agents, enrolment: docs/install.md says who connects where.
EXPOSE 8440 8441 8442 8443
# Root unless told otherwise, for the agent: volumes hold files of any owner, and it makes them with theirs. The
# coordinator and the commands need no root.
ENTRYPOINT ["dray"]
CMD ["--help"]
