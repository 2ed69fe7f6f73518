// SPDX-License-Identifier: Apache-2.0
// A stock @grpc/grpc-js client that reads the published .proto files: protects, opens, is refused, with deadlines
// and mTLS. Told by environment where the authority is and as whom; prints one line of JSON.
'use strict';
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const tree = path.join(__dirname, '..', '..', '..');
const definition = loader.loadSync(
  ['chancery/v1/licensing.proto', 'chancery/v1/publishing.proto', 'grpc/health/v1/health.proto'],
  { includeDirs: [path.join(tree, 'proto'), path.join(tree, 'third_party')], keepCase: true, enums: String, bytes: Buffer });
const api = grpc.loadPackageDefinition(definition);
const read = (name) => fs.readFileSync(process.env[name]);

const asComponent = grpc.credentials.createSsl(read('CA'), read('KEY'), read('CERTIFICATE'));
const asUser = grpc.credentials.createSsl(read('CA'));
const options = { 'grpc.default_compression_algorithm': 2 }; // gzip
const publishing = new api.chancery.v1.PublishingService(process.env.ADDRESS, asComponent, options);
const licensing = new api.chancery.v1.LicensingService(process.env.ADDRESS, asUser, options);
const health = new api.grpc.health.v1.Health(process.env.ADDRESS, asUser);

const call = (client, method, request, metadata = new grpc.Metadata()) => new Promise((resolve, reject) => {
  const deadline = Date.now() + 10000;
  client[method](request, metadata, { deadline }, (error, response) => (error ? reject(error) : resolve(response)));
});
const bearer = (token) => {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

async function main() {
  const jwk = read('JWK').toString();
  const serving = await call(health, 'Check', {});
  const made = await call(publishing, 'Protect', {
    do_not_forward: {}, owner: 'alice@contoso.com', recipients: ['bob@fabrikam.com'], client_public_jwk: jwk,
  });
  const request = { publishing_license: made.publishing_license, client_public_jwk: jwk };
  const got = await call(licensing, 'AcquireLicense', request, bearer(read('TOKEN').toString()));
  const refused = await call(licensing, 'AcquireLicense', request, bearer(read('OTHER_TOKEN').toString()))
    .then(() => null, (error) => error);
  console.log(JSON.stringify({
    health: serving.status, content: made.content_id, rights: got.rights, license: got.use_license,
    code: refused.code, details: refused.details, has_details: refused.metadata.get('grpc-status-details-bin').length,
  }));
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
