// SPDX-License-Identifier: Apache-2.0
// The official gRPC-Web client, in its text and its binary form: asks, is refused, watches until a deadline. It
// is written for browsers, so it needs their XMLHttpRequest. Told by environment where the authority is and
// as whom; prints one line of JSON.
const fs = require('fs');
global.XMLHttpRequest = require('xhr2');
const { GrpcWebClientBase, MethodDescriptor, MethodType } = require('grpc-web');

const url = `https://${process.env.ADDRESS}`;
const token = fs.readFileSync(process.env.TOKEN).toString();

// Bytes as they are: what is in them is not this client's matter.
class Message {
  constructor(bytes = new Uint8Array()) { this.bytes = bytes; }
  static of(bytes) { return new Message(bytes); }
}

const method = (name, type) => new MethodDescriptor(name, type, Message, Message, (m) => m.bytes, Message.of);
const hex = (message) => Buffer.from(message.bytes).toString('hex');

const ask = (client, name, metadata) => new Promise((resolve) => {
  client.rpcCall(`${url}${name}`, new Message(), metadata, method(name, MethodType.UNARY), (error, reply) => {
    resolve(error ? { code: error.code, text: error.message, details: error.metadata } : { reply: hex(reply) });
  });
});

const watch = (client) => new Promise((resolve) => {
  const name = '/grpc.health.v1.Health/Watch';
  const seen = [];
  client.serverStreaming(`${url}${name}`, new Message(), { deadline: String(Date.now() + 1000) },
    method(name, MethodType.SERVER_STREAMING))
    .on('data', (message) => seen.push(hex(message)))
    .on('error', (error) => resolve({ seen, code: error.code }));
});

async function story(format) {
  const client = new GrpcWebClientBase({ format });
  const templates = '/chancery.v1.PublishingService/ListAvailableTemplates';
  return {
    served: await ask(client, templates, { authorization: `Bearer ${token}` }),
    refused: await ask(client, templates, {}),
    watched: await watch(client),
  };
}

(async () => {
  console.log(JSON.stringify({ text: await story('text'), binary: await story('binary') }));
  process.exit(0);
})();
