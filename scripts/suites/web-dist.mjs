// SPDX-License-Identifier: MIT
// web-dist.mjs DIST: what a browser loads first weighs little, and nothing names another host. Lines for count_cases.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = process.argv[2];
const BUDGET = 100_000;

// Of the page, and of what its modules import before they run.
function firstLoad() {
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const wanted = [...page.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((found) => found[1]);
  const seen = new Set();
  for (let name = wanted.pop(); name; name = wanted.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (!name.endsWith('.js')) continue;
    const text = readFileSync(join(dist, name), 'utf8');
    for (const found of text.matchAll(/(?:^|[;}\n])\s*(?:import|export)\s*(?:[\w$*\s{},]+?from\s*)?["'](\.{1,2}\/[^"']+\.js)["']/g)) {
      wanted.push(normalize(join(dirname(name), found[1])));
    }
  }
  return [...seen].sort();
}

const files = firstLoad();
const weights = files.map((name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length);
const weight = weights.reduce((sum, each) => sum + each, 0);
const what = files.map((name, i) => `${name} ${weights[i]}`).join(', ');
const verdict = weight <= BUDGET && files.some((name) => name.endsWith('.js')) ? 'ok' : 'failed';
console.log(`${verdict} the first load is at most ${BUDGET} bytes of script and style, packed\tit is ${weight}: ${what}`);
console.log(`say         first load: ${weight} bytes (${what})\t`);

// Hosts that are named but never asked, with why.
const HARMLESS = [
  [/^https?:\/\/www\.w3\.org\//, 'name spaces of SVG, MathML and the like'],
  [/^https:\/\/react\.dev\/(errors|link)\//, "in messages of React's errors"],
  [/^https:\/\/github\.com\//, 'in licences, and in comments on bugs'],
  [/^https:\/\/(aka\.ms|go\.microsoft\.com|code\.visualstudio\.com|marketplace\.visualstudio\.com)\//, "links in the editor's texts"],
  [/^https:\/\/microsoft\.com$/, 'an example of a link, by which the editor recognizes half a link'],
  [/^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/|$)/, 'this host'],
  [/^https:\/\/(tailwindcss\.com|lucide\.dev|developer\.mozilla\.org|en\.wikipedia\.org|stackoverflow\.com)/, 'in licences and comments'],
];
const foreign = new Map();
const texts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(html|js|css|svg|json|map)$/.test(name));
for (const name of texts) {
  const text = readFileSync(join(dist, name), 'utf8');
  for (const [address] of text.matchAll(/(?:https?|wss?|ftp):\/\/[a-z0-9][a-z0-9.-]*(?::\d+)?\/?[^\s"'`<>)\\,;]{0,80}/gi)) {
    if (!HARMLESS.some(([pattern]) => pattern.test(address))) foreign.set(address, name);
  }
  for (const [, address] of text.matchAll(/(?:src|href|url|import|fetch)\s*[=(:]\s*["'`]?(\/\/[a-z0-9-]+\.[a-z0-9.-]+)/gi)) foreign.set(address, name);
}
const list = [...foreign].map(([address, name]) => `${address} in ${name}`).join('; ');
console.log(`${foreign.size === 0 ? 'ok' : 'failed'} nothing in web/dist names another host\t${list}`);

const unpacked = texts.filter((name) => {
  const content = readFileSync(join(dist, name));
  return content.length > 4096 && !existsSync(join(dist, `${name}.gz`)) && gzipSync(content).length < content.length * 0.9;
});
console.log(`${unpacked.length === 0 ? 'ok' : 'failed'} what shrinks by it has a .gz beside it\t${unpacked.join(' ')}`);
const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(tsx?|env|map)$/.test(name));
console.log(`${maps.length === 0 ? 'ok' : 'failed'} no sources and no settings are among the files\t${maps.join(' ')}`);
