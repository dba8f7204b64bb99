// The stats page as an operator meets it: in a browser, against the real program with real origins.
// BINARY names the program (default: build/release/evenkeel); SCREENSHOT=0 leaves docs/images alone.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.BINARY ?? join(root, 'build/release/evenkeel');
const deadline = 15_000;
const credentials = {username: 'admin', password: 'se:cret'};

let folder, proxy, proxyOutput = '', browser, origins, ports;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

class Origin {
  constructor(name, port) {
    this.name = name;
    this.port = port;
  }
  async start() {
    this.server = http.createServer((request, response) => response.end(`${this.name}\n`));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }
  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

// Asks until the answer is as wanted; how often does not matter, only the deadline does.
async function until(what, ask) {
  const end = Date.now() + deadline;
  for (;;) {
    const answer = await ask().catch(() => false);
    if (answer) return answer;
    assert.ok(Date.now() < end, `${what}: not within ${deadline} ms\n${proxyOutput}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

const basic = ({username, password}) => 'Basic ' + Buffer.from(`${username}:${password}`).toString('base64');
const page = (words = '') => `http://127.0.0.1:${ports.stats}/stats${words}`;
const ask = (words, options = {}) =>
  fetch(page(words), {redirect: 'manual', ...options, headers: {authorization: basic(credentials), ...options.headers}});

const config = () => `
global
    node lb-1
    description demo shop
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    timeout check 1s
frontend www
    bind 127.0.0.1:${ports.www}
    description what clients see
    default_backend shop
backend shop
    balance roundrobin
    option httpchk
    cookie SRV insert indirect
    default-server check inter 200ms fastinter 100ms downinter 100ms rise 2 fall 2
${origins.map((o, i) => `    server app${i + 1} 127.0.0.1:${o.port} weight ${3 - i} cookie app${i + 1}`).join('\n')}
listen stats
    bind 127.0.0.1:${ports.stats}
    stats enable
    stats uri /stats
    stats realm "Evenkeel \\"test\\" page"
    stats auth ${credentials.username}:${credentials.password}
    stats refresh 60s
    stats show-node
    stats show-desc
    stats show-legends
    stats admin if TRUE
`;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-browser-'));
  ports = {www: await freePort(), stats: await freePort()};
  origins = [];
  for (const name of ['one', 'two', 'three']) origins.push(new Origin(name, await freePort()));
  for (const origin of origins) await origin.start();
  const file = join(folder, 'stats.cfg');
  writeFileSync(file, config());
  proxy = spawn(binary, ['-db', '-f', file], {stdio: ['ignore', 'pipe', 'pipe']});
  for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (data) => (proxyOutput += data));
  await until('the proxy answers', async () => (await ask(';csv')).status === 200);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  if (proxy && proxy.exitCode === null) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
  for (const origin of origins ?? []) if (origin.server.listening) await origin.stop();
  if (folder) rmSync(folder, {recursive: true, force: true});
});

// A page that fails the test when its policy was violated, an error was logged, or anything else was fetched.
async function openPage(options = {}) {
  const context = await browser.newContext({httpCredentials: credentials, ...options});
  const tab = await context.newPage();
  const complaints = [];
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(page()) && !url.startsWith('data:')) complaints.push(`fetched ${url}`);
  });
  return {tab, context, complaints};
}

const status = async (tab, server) => {
  const row = tab.locator('tr', {has: tab.locator(`[id="shop/${server}"]`)});
  return (await row.locator('.pill').first().innerText()).trim();
};
const becomes = (tab, server, wanted) => until(`${server} becomes ${wanted}`, async () => {
  await tab.goto(page());
  return (await status(tab, server)).startsWith(wanted);
});

async function act(tab, servers, action) {
  await tab.goto(page());
  for (const server of servers) await tab.getByLabel(`select shop/${server}`).check();
  await tab.locator('form[method=post] select').selectOption(action);
  await tab.getByRole('button', {name: 'Apply'}).click();
  await tab.waitForURL(/;st=/);
  return tab.locator('[role=status]').innerText();
}

test('a wrong password is asked for again, and slower each time', async () => {
  const {tab, context} = await openPage({httpCredentials: undefined});
  const response = await tab.goto(page()).catch((error) => error);
  if (!(response instanceof Error)) assert.equal(response.status(), 401);
  await context.close();
  const times = [];
  for (let i = 0; i < 3; i++) {
    const start = Date.now();
    const answer = await ask('', {headers: {authorization: basic({username: 'admin', password: 'guess'})}});
    times.push(Date.now() - start);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="Evenkeel \\"test\\" page"');
    assert.doesNotMatch(await answer.text(), /app1/);
  }
  assert.ok(times[2] > times[0] + 200, `delays ${times} should grow`);
});

test('after login the page shows every proxy, under a strict policy', async () => {
  const {tab, context, complaints} = await openPage();
  await becomes(tab, 'app1', 'UP');
  const response = await tab.goto(page());
  const policy = response.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  for (const id of ['www/Frontend', 'shop/app1', 'shop/app2', 'shop/app3', 'shop/Backend', 'stats/Frontend']) {
    assert.equal(await tab.locator(`[id="${id}"]`).count(), 1, id);
  }
  assert.match(await tab.locator('header').innerText(), /lb-1/);
  const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.notEqual(background, 'rgba(0, 0, 0, 0)', 'the style sheet is in force');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a server goes down and comes back', async () => {
  const {tab, context, complaints} = await openPage();
  await becomes(tab, 'app2', 'UP');
  await origins[1].stop();
  await becomes(tab, 'app2', 'DOWN');
  const row = tab.locator('tr', {has: tab.locator('[id="shop/app2"]')});
  assert.match(await row.innerText(), /L4CON/);
  await tab.goto(page(';up'));
  assert.equal(await tab.locator('[id="shop/app2"]').count(), 0, 'hidden among those that are up');
  await origins[1].start();
  await becomes(tab, 'app2', 'UP');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an operator drains a server and brings it back', async () => {
  const {tab, context, complaints} = await openPage();
  await becomes(tab, 'app1', 'UP');
  assert.match(await act(tab, ['app1', 'app3'], 'drain'), /processed successfully/);
  await becomes(tab, 'app1', 'DRAIN');
  await becomes(tab, 'app3', 'DRAIN');
  for (let i = 0; i < 4; i++) {
    const answer = await fetch(`http://127.0.0.1:${ports.www}/`);
    assert.equal(await answer.text(), 'two\n');
  }
  assert.match(await act(tab, ['app3'], 'maint'), /processed successfully/);
  await becomes(tab, 'app3', 'MAINT');
  assert.match(await act(tab, ['app1', 'app3'], 'ready'), /processed successfully/);
  await becomes(tab, 'app1', 'UP');
  await becomes(tab, 'app3', 'UP');
  assert.match(await act(tab, [], 'drain'), /Nothing has changed/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a form without the token of the page is refused', async () => {
  for (const token of ['', '&token=', '&token=' + '0'.repeat(64)]) {
    const answer = await ask('', {
      method: 'POST',
      body: 's=app1&action=maint&b=shop' + token,
      headers: {'content-type': 'application/x-www-form-urlencoded'},
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/stats;st=DENY');
  }
  const csv = await (await ask(';csv')).text();
  assert.doesNotMatch(csv, /MAINT/);
});

test('programs read CSV and JSON', async () => {
  const csv = await (await ask(';csv')).text();
  assert.match(csv, /^# pxname,svname,qcur,/);
  assert.match(csv, /^shop,app1,/m);
  const json = await (await ask(';json')).json();
  assert.ok(json.flat().some((item) => item.field.name === 'svname' && item.value.value === 'app1'));
});

test('the picture of the README', {skip: process.env.SCREENSHOT === '0'}, async () => {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`http://127.0.0.1:${ports.www}/item/${i}`, {headers: {'x-pad': 'x'.repeat(i)}});
    await answer.arrayBuffer();
  }
  const {tab, context} = await openPage({viewport: {width: 1280, height: 900}, deviceScaleFactor: 1});
  await becomes(tab, 'app1', 'UP');
  await origins[2].stop();
  await becomes(tab, 'app3', 'DOWN');
  await act(tab, ['app2'], 'drain');
  await becomes(tab, 'app2', 'DRAIN');
  const images = join(root, 'docs/images');
  mkdirSync(images, {recursive: true});
  await tab.screenshot({path: join(images, 'stats.png')});
  await context.close();
});
