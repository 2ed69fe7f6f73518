// SPDX-License-Identifier: Apache-2.0
// A stock Connect-ES client, over each of its transports: protects, opens, is refused, watches. It knows the
// interface by the published descriptor set. Told by environment where the authority is and as whom; prints one
// line of JSON for all of them.
import fs from 'node:fs';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const read = (name) => fs.readFileSync(process.env[name]);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, read('DESCRIPTORS')));
const service = (name) => registry.getService(name);
const jwk = read('JWK').toString();

const options = (httpVersion, more) => ({
  baseUrl: `https://${process.env.ADDRESS}`, httpVersion, defaultTimeoutMs: 20000,
  nodeOptions: { ca: read('CA'), ...more },
});
const component = { key: read('KEY'), cert: read('CERTIFICATE') };
const transports = {
  'connect json 1.1': (more) => createConnectTransport({ ...options('1.1', more), useBinaryFormat: false }),
  'connect json 2': (more) => createConnectTransport({ ...options('2', more), useBinaryFormat: false }),
  'connect proto 1.1': (more) => createConnectTransport({ ...options('1.1', more), useBinaryFormat: true }),
  'connect proto 2': (more) => createConnectTransport({ ...options('2', more), useBinaryFormat: true }),
  'grpc-web 1.1': (more) => createGrpcWebTransport(options('1.1', more)),
  'grpc-web 2': (more) => createGrpcWebTransport(options('2', more)),
  'grpc 2': (more) => createGrpcTransport(options('2', more)),
};

const bearer = (name) => ({ headers: { authorization: `Bearer ${read(name)}` } });

async function watch(health) {
  const stop = new AbortController();
  const seen = [];
  try {
    for await (const update of health.watch({}, { signal: stop.signal, timeoutMs: 0 })) {
      seen.push(update.status);
      stop.abort();
    }
  } catch (error) {
    seen.push(Code[ConnectError.from(error).code]);
  }
  return seen;
}

async function story(make) {
  const asComponent = make(component);
  const asUser = make({});
  const publishing = createClient(service('chancery.v1.PublishingService'), asComponent);
  const licensing = createClient(service('chancery.v1.LicensingService'), asUser);
  const health = createClient(service('grpc.health.v1.Health'), asUser);
  const made = await publishing.protect({
    policy: { case: 'doNotForward', value: {} }, owner: 'alice@contoso.com', recipients: ['bob@fabrikam.com'],
    clientPublicJwk: jwk,
  });
  const request = { publishingLicense: made.publishingLicense, clientPublicJwk: jwk };
  const got = await licensing.acquireLicense(request, bearer('TOKEN'));
  const refused = await licensing.acquireLicense(request, bearer('OTHER_TOKEN'))
    .then(() => null, (error) => ConnectError.from(error));
  const info = refused.findDetails(registry.getMessage('google.rpc.ErrorInfo'));
  const unknown = await health.watch({ service: 'nobody' })[Symbol.asyncIterator]().next()
    .then((first) => first.value.status, (error) => Code[error.code]);
  return {
    serving: (await health.check({})).status, content: made.contentId, license: got.useLicense,
    rights: got.rights, code: Code[refused.code], message: refused.rawMessage, reason: info[0].reason,
    watched: await watch(health), unknown,
  };
}

const said = {};
for (const [name, make] of Object.entries(transports)) {
  said[name] = await story(make);
}
console.log(JSON.stringify(said));
process.exit(0);
