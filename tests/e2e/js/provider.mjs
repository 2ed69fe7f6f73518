// SPDX-License-Identifier: Apache-2.0
// An OpenID provider (oidc-provider, which is certified) for a test: whoever signs in is the address that they type. Beside
// the client that is named, the public client `cli` signs in by device codes.
// Arguments: port, key file, certificate file, client id, client secret, redirect URI.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';

const [port, key, cert, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(`https://localhost:${port}`, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] },
  { client_id: 'cli', token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'] }],
  features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] },
  cookies: { keys: ['a test key'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: true }) }),
});
https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, provider.callback())
  .listen(Number(port), '127.0.0.1', () => console.log('listening'));
