// A user at a real browser: browser.mjs URL. Logs in and posts, says on which server; for every line on standard
// input looks again. One line per look: "<server> <user> <pages> <posts>".
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const {chromium} = createRequire(new URL('../../browser/package.json', import.meta.url))('playwright-core');
const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});
const page = await browser.newPage();
page.setDefaultTimeout(15_000);

async function look() {
  const text = async (id) => ((await page.locator(id).count()) ? page.locator(id).innerText() : '-');
  console.log(await text('#node'), await text('#user'), await text('#pages'), await page.locator('li').count());
}

await page.goto(process.argv[2]);
await page.fill('input[name=user]', 'ann');
await page.fill('input[name=password]', 'swordfish');
await page.click('button');
await page.fill('input[name=text]', 'from a browser');
await page.click('button');
await look();
for await (const line of createInterface({input: process.stdin})) {
  await page.goto(process.argv[2]);
  await look();
}
await browser.close();
