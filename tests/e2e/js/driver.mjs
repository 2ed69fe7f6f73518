// SPDX-License-Identifier: Apache-2.0
// A real Chromium that does what it is told: one JSON object a line in, one out (tests/support/driven.py).
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await puppeteer.launch({
  executablePath: process.argv[2], headless: true, acceptInsecureCerts: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.example ~NOTFOUND'],
});
let context, page, asked, ran;
browser.on('targetcreated', async (target) => { const opened = await target.page(); if (opened) watch(opened); });
function watch(one) {
  one.on('request', (request) => asked.push(request.url()));
  one.on('dialog', async (dialog) => { ran.push(dialog.message()); await dialog.dismiss(); });
}

const acts = {
  // Somebody else: no cookies, and nothing seen so far.
  fresh: async ({ language }) => {
    await context?.close();
    [asked, ran] = [[], []];
    context = await browser.createBrowserContext();
    page = await context.newPage();
    await page.setExtraHTTPHeaders({ 'Accept-Language': language });
    watch(page);
  },
  open: ({ url }) => page.goto(url, { waitUntil: 'load' }),
  upload: async ({ selector, files }) => (await page.$(selector)).uploadFile(...files),
  type: ({ selector, text }) => page.type(selector, text),
  press: async ({ keys }) => { for (const key of keys) await page.keyboard.press(key); },
  // What leads to another page; by the keyboard if a key is named.
  go: async ({ selector, key }) => Promise.all([page.waitForNavigation({ waitUntil: 'load' }),
    key ? page.keyboard.press(key) : page.click(selector)]),
  value: ({ code }) => page.evaluate(code),
  frame: ({ code }) => page.frames().find((frame) => frame.url().includes('/message/body')).evaluate(code),
  size: ({ width, height, scale }) => page.setViewport({ width, height, deviceScaleFactor: scale ?? 1 }),
  scheme: ({ name }) => page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: name }]),
  media: ({ name }) => page.emulateMediaType(name),
  picture: ({ path }) => page.screenshot({ path, optimizeForSpeed: false }),
  asked: () => asked,
  ran: () => ran,
  axe: async () => {
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run({ iframes: false, resultTypes: ['violations'] }));
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const act = JSON.parse(line);
  try {
    const value = await acts[act.do](act);
    const isPlain = value === undefined || value === null || typeof value !== 'object' || Array.isArray(value);
    console.log(JSON.stringify({ value: isPlain && !Array.isArray(value?.[0]) ? value ?? null : null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
