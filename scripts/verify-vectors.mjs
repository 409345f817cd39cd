#!/usr/bin/env node
// Recomputes what testdata/vectors says: entry ids, key ids, digests, disclosures,
// leaf hashes, roots, directories' roots, inclusion proofs, and every Ed25519 and
// ECDSA P-256 signature. It shares no code with the Go program and uses nothing but
// Node's own modules.
//
//     node scripts/verify-vectors.mjs [DIR [FILE...]]
//
// With files, only those of DIR are looked at, and the keys. It says what it counted, and ends with 1 if anything differs. ML-DSA-44 is
// checked where this Node knows it, and counted as not checked where it does not.
import crypto from 'node:crypto';
import fs from 'node:fs';

const dir = process.argv[2] ?? new URL('../testdata/vectors', import.meta.url).pathname;
const only = process.argv.slice(3);
const counts = new Map();
const differences = [];
const count = (what, n = 1) => counts.set(what, (counts.get(what) ?? 0) + n);

// same counts one thing that was recomputed and compares it with the file's.
function same(what, where, got, want) {
  count(what);
  if (got !== want) differences.push(`${where}: ${what}: recomputed ${got}, the file has ${want}`);
}

// --- Bytes and hashes ---

const octets = (o) => (typeof o === 'string' ? Buffer.from(o, 'utf8') : Buffer.from(o.base64, 'base64'));
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), crypto.createHash('sha256')).digest();
const digest = (b) => sha256(b).toString('base64url');
const payloadType = 'application/vnd.pledgelog.statement.v1+json';
const pae = (payload) => Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
const entryID = (payload) => sha256(pae(payload)).toString('hex');
const leafHash = (leaf) => sha256(Buffer.from([0]), leaf);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

// merkleRoot is the Merkle tree hash of RFC 6962, section 2.1, over leaf hashes.
function merkleRoot(hashes) {
  if (hashes.length === 0) return sha256(Buffer.alloc(0));
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return nodeHash(merkleRoot(hashes.slice(0, k)), merkleRoot(hashes.slice(k)));
}

// rootOfPath is where an inclusion proof leads (RFC 9162, section 2.1.3.2); null when
// it has not the right length.
function rootOfPath(index, size, leaf, path) {
  if (index >= size) return null;
  let fn = index, sn = size - 1, r = leaf;
  for (const p of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      r = nodeHash(r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? r : null;
}

// canonical is RFC 8785 for what the protocol's JSON can hold: JavaScript sorts
// strings by UTF-16 code units, and JSON.stringify has the RFC's escapes.
function canonical(v) {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (v !== null && typeof v === 'object') {
    return `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${canonical(v[k])}`).join(',')}}`;
  }
  return JSON.stringify(v);
}

// --- Keys and signatures ---

const keyID = (key) => sha256(Buffer.from(key.spki, 'base64')).toString('hex');
const algorithms = { ed25519: 'Ed25519', 'ecdsa-p256-sha256': 'ECDSA P-256', 'ml-dsa-44': 'ML-DSA-44' };

function publicKey(spki) {
  try {
    return crypto.createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return null; // this Node does not know it
  }
}

// verifies says whether a signature of a message verifies; null when this Node can't
// tell.
function verifies(key, message, sig) {
  const k = publicKey(key.spki);
  if (!k) return null;
  try {
    if (key.alg === 'ecdsa-p256-sha256') return crypto.verify('sha256', message, { key: k, dsaEncoding: 'ieee-p1363' }, sig);
    return crypto.verify(null, message, k, sig);
  } catch {
    return false;
  }
}

function signature(where, key, message, sig, want) {
  const got = verifies(key, message, sig);
  const what = `${algorithms[key.alg]} signatures`;
  if (got === null && key.alg === 'ml-dsa-44') return count(`${what} not checked by Node ${process.versions.node}`);
  same(what, where, got, want);
}

// A ring finds keys by their ids, wherever they are brought.
class Ring {
  keys = new Map();

  learn(v) {
    if (v === null || typeof v !== 'object') return;
    if (typeof v.spki === 'string' && v.alg in algorithms) this.keys.set(keyID(v), v);
    else for (const one of Object.values(v)) this.learn(one);
  }
}

const payloadOf = (leaf) => Buffer.from(JSON.parse(leaf.toString('utf8')).statement.payload, 'base64');

// envelope checks the signatures of a leaf whose encoding is exact, as far as their
// keys are known.
function envelope(where, leaf, ring, unverified = []) {
  const { statement } = JSON.parse(leaf.toString('utf8'));
  const payload = payloadOf(leaf);
  for (const s of statement.signatures) {
    const key = ring.keys.get(s.keyid);
    if (key) signature(where, key, pae(payload), Buffer.from(s.sig, 'base64'), !unverified.includes(s.keyid));
    else count('signatures by keys that no statement brings');
  }
  return payload;
}

const spkiOfRaw = (raw) => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]).toString('base64');

// --- Notes and policies (C2SP) ---

function parseKey(vkey) {
  const [name, id] = vkey.split('+', 2);
  const raw = Buffer.from(vkey.slice(name.length + id.length + 2), 'base64');
  return { name, id, type: raw[0], raw: raw.subarray(1), ownID: sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4).toString('hex') };
}

function parsePolicy(text) {
  const keys = [], names = new Map();
  for (const line of text.split('\n')) {
    const [word, ...args] = line.trim().split(/[ \t]+/);
    if (word === 'log') keys.push(parseKey(args[0]));
    if (word === 'witness') {
      keys.push(parseKey(args[1]));
      names.set(args[0], keys.at(-1));
    }
  }
  return { keys, names };
}

function parseNote(note) {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split('\n');
  const signatures = note.slice(end + 2).split('\n').filter(Boolean).map((line) => {
    const [, name, sig] = line.split(' ');
    const raw = Buffer.from(sig, 'base64');
    return { name, id: raw.subarray(0, 4).toString('hex'), sig: raw.subarray(4) };
  });
  return { text, origin, size: Number(size), root, signatures };
}

// note checks the signatures of a checkpoint by keys of a policy; it returns how many
// of them fail.
function note(where, n, policy) {
  let failed = 0;
  for (const s of n.signatures) {
    const key = policy.keys.find((k) => k.name === s.name && k.id === s.id);
    if (!key) continue;
    let ok;
    if (key.type === 1) {
      ok = verifies({ alg: 'ed25519', spki: spkiOfRaw(key.raw) }, Buffer.from(n.text), s.sig);
    } else if (key.type === 4) {
      const time = s.sig.readBigUInt64BE();
      ok = verifies({ alg: 'ed25519', spki: spkiOfRaw(key.raw) }, Buffer.from(`cosignature/v1\ntime ${time}\n${n.text}`), s.sig.subarray(8));
    } else {
      count(`checkpoint signatures by ML-DSA-44 not checked by Node ${process.versions.node}`);
      continue;
    }
    count('checkpoint signatures');
    if (!ok) failed++;
  }
  return failed;
}

// --- The files of single things ---

const text = (path) => fs.readFileSync(`${dir}/${path}`, 'utf8');
const read = (path) => JSON.parse(text(path));
const each = (path, f, list = 'vectors') => {
  if (only.length > 0 && !only.includes(path) && path !== 'keys.json') return;
  for (const v of read(path)[list]) attempt(`${path} ${v.name ?? v.text}`, (where) => f(v, where));
};

// attempt takes what can't be read for a difference.
function attempt(where, f) {
  try {
    f(where);
  } catch (e) {
    differences.push(`${where}: can't be read: ${e.message}`);
  }
}

function expand(b, repeat) {
  return repeat ? Buffer.from(b.toString('utf8').replaceAll(repeat.mark, repeat.text.repeat(repeat.n))) : b;
}

// fits says whether a value holds nothing that the protocol's JSON has not: null, an
// empty string, a lone surrogate, a number that is not a whole one.
function fits(v) {
  if (v === null || v === '') return false;
  if (typeof v === 'string') return v.isWellFormed();
  if (typeof v === 'number') return Number.isSafeInteger(v) && v >= 0;
  if (typeof v === 'object') return Object.entries(v).every(([k, one]) => k !== '' && fits(one));
  return true;
}

function canonicalFile() {
  each('canonical.json', (v, where) => {
    const raw = octets(v.json);
    let again = null;
    try {
      const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw));
      if (fits(parsed)) again = canonical(parsed);
    } catch { /* not JSON */ }
    if (v.code === 'nesting-too-deep') return; // JavaScript has no limit of 16
    same('canonical forms', where, again === raw.toString('utf8'), v.code === undefined);
  });
}

// first second of what a text names, by JavaScript's calendar
function timesFile() {
  const day = 86400;
  const at = (y, m, d = 1) => Date.UTC(y, m, d) / 1000;
  const month = (s) => { const [y, m] = s.split('-').map(Number); return [at(y, m - 1), at(y, m)]; };
  const date = (s) => { const t = Date.parse(`${s}T00:00:00Z`) / 1000; return [t, t + day]; };
  const one = (s) => (s.length === 7 ? month(s) : date(s));
  const week = (s) => {
    const jan4 = at(Number(s.slice(0, 4)), 0, 4);
    const monday = jan4 - ((new Date(jan4 * 1000).getUTCDay() + 6) % 7) * day + (Number(s.slice(6)) - 1) * 7 * day;
    return [monday, monday + 7 * day];
  };
  const period = (s) => {
    const months = s[5] === 'Q' ? 3 : 6, first = (Number(s[6]) - 1) * months;
    return [at(Number(s.slice(0, 4)), first), at(Number(s.slice(0, 4)), first + months)];
  };
  const forms = {
    time: (s) => [Date.parse(s) / 1000, undefined], date, period,
    span: (s) => { const [a, b = a] = s.split('/'); return [one(a)[0], one(b)[1]]; },
    'slot-period': (s) => (s[5] === 'W' ? week(s) : one(s)),
  };
  each('times.json', (v, where) => {
    if (v.code) return;
    const [start, end] = forms[v.form](v.text);
    same('times', where, `${start} ${end}`, `${v.start} ${v.end}`);
  });
}

function keysFile(ring) {
  each('keys.json', (v, where) => {
    if (v.code) return;
    same('key ids', where, keyID(v.key), v.id);
    if (v.key.alg !== 'ml-dsa-44') same('keys that import', where, publicKey(v.key.spki) !== null, true);
    ring.learn(v.key);
  }, 'keys');
  each('keys.json', (v, where) => {
    if (v.code) return;
    same('key set digests', where, digest(octets(v.set)), v.digest);
    for (const key of JSON.parse(v.set).keys) ring.learn(key);
  }, 'keySets');
}

function signaturesFile() {
  each('signatures.json', (v, where) => {
    // Whether a signature counts that verifiers differ on is ZIP 215's to say.
    if (v.code) return count('signatures on which verifiers differ, not checked');
    signature(where, v.key, octets(v.message), Buffer.from(v.sig, 'base64'), v.verifies);
  });
}

function leavesFile(ring) {
  each('leaves.json', (v, where) => {
    const leaf = octets(v.leaf);
    same('leaf hashes', where, leafHash(leaf).toString('base64'), v.leafHash);
    if (v.code) return;
    const payload = envelope(where, leaf, ring, v.unverified);
    same('payloads', where, payload.toString('hex'), octets(v.payload).toString('hex'));
    same('entry ids', where, entryID(payload), v.id);
  });
}

function bodiesFile() {
  each('bodies.json', (v, where) => {
    const body = expand(octets(v.body), v.repeat);
    same('body digests', where, digest(body), v.digest);
    const named = JSON.parse(v.payload).bodyDigest;
    if (v.code !== 'body-not-wanted') same('bodies and their statements', where, named === v.digest, v.code !== 'body-digest-mismatch');
    if (v.code) return;
    const sealed = Object.entries(JSON.parse(body)).filter(([, m]) => m?.sealed).map(([name, m]) => `${name} ${m.sealed}`);
    same('seals', where, sealed.join(), (v.seals ?? []).map((s) => `${s.member} ${s.digest}`).join());
  });
}

const disclosed = (t) => JSON.parse(Buffer.from(t, 'base64url').toString('utf8'));

function disclosuresFile() {
  each('disclosures.json', (v, where) => {
    same('disclosure digests', where, digest(octets(v.disclosure)), v.digest);
    if (v.code) return;
    const [salt, member, value] = disclosed(v.disclosure);
    same('disclosures', where, `${salt} ${member} ${canonical(value)}`, `${v.salt} ${v.member} ${v.value}`);
    same('disclosures in canonical form', where, Buffer.from(canonical([salt, member, value])).toString('base64url'), v.disclosure);
  }, 'disclosures');
  each('disclosures.json', (v, where) => {
    same('body digests', where, digest(octets(v.body)), JSON.parse(v.payload).bodyDigest);
    if (v.code) return;
    const body = JSON.parse(v.body);
    for (const t of v.disclosures) {
      const [, member, value] = disclosed(t);
      same('disclosure digests', where, digest(t), body[member]?.sealed);
      body[member] = value;
    }
    same('opened bodies', where, canonical(body), v.opened);
  }, 'openings');
}

function slotsFile() {
  each('slots.json', (v, where) => {
    same('entry ids', where, entryID(octets(v.payload)), v.id);
    const { digests } = JSON.parse(v.payload).body;
    same('slots in order', where, [...new Set(digests)].sort().join(), digests.join());
    same('places of a slot', where, v.places.length, digests.length);
    v.places.forEach((p, i) => {
      same('disclosure digests', where, digest(p.disclosure), p.digest);
      same('places', where, `${p.digest} ${disclosed(p.disclosure)[2]}`, `${digests[i]} ${p.bodyDigest}`);
    });
  });
}

function submissionsFile() {
  each('submissions.json', (v, where) => {
    if (v.code) return;
    const { statement, body, disclosures = [] } = JSON.parse(octets(v.submission));
    const payload = Buffer.from(statement.payload, 'base64');
    same('entry ids', where, entryID(payload), v.id);
    const s = JSON.parse(payload);
    const texts = disclosures.map(digest);
    if (body) texts.push(digest(canonical(body)));
    const wanted = s.body.digests ?? (s.bodyDigest && !s.withheld ? [s.bodyDigest] : []);
    same('texts of submissions', where, texts.sort().join(), [...wanted].sort().join());
  });
}

function directoriesFile() {
  each('directories.json', (v, where) => {
    same('directory roots', where, merkleRoot(v.rows.map((r) => leafHash(octets(r)))).toString('base64url'), v.root);
  }, 'directories');
}

function policiesFile() {
  each('policies.json', (v, where) => {
    if (v.error) return;
    for (const k of parsePolicy(v.policy).keys) same('ids of checkpoint keys', where, k.ownID, k.id);
  });
}

function checkpointsFile() {
  each('checkpoints.json', (v, where) => {
    if (v.error === 'malformed') return;
    const n = parseNote(v.checkpoint), policy = parsePolicy(v.policy);
    const failed = note(where, n, policy);
    if (v.error === 'signature-invalid' && n.signatures.some((s) => s.sig.length > 100)) return; // perhaps the one that was not checked
    same('checkpoints', where, failed > 0, v.error === 'signature-invalid');
    if (v.error) return;
    same('checkpoints', where, `${n.size} ${n.root}`, `${v.size} ${v.root}`);
    for (const w of v.witnesses ?? []) {
      const key = policy.names.get(w.witness);
      const times = n.signatures.filter((s) => s.name === key.name && s.id === key.id).map((s) => Number(s.sig.readBigUInt64BE()));
      same('times of cosignatures', where, Math.min(...times), w.time);
    }
  });
}

function proofsFile(ring) {
  each('proofs.json', (v, where) => {
    if (v.error === 'malformed' || v.error === 'leaf-missing') return;
    const end = v.proof.indexOf('\n\n');
    const [, extra, index, ...path] = v.proof.slice(0, end).split('\n');
    const leaf = Buffer.from(extra.slice('extra '.length), 'base64');
    const n = parseNote(v.proof.slice(end + 2));
    const at = Number(index.slice('index '.length));
    same('checkpoints', where, note(where, n, parsePolicy(v.policy)) > 0, v.error === 'signature-invalid');
    const got = rootOfPath(at, n.size, leafHash(leaf), path.map((h) => Buffer.from(h, 'base64')));
    if (v.error !== 'signature-invalid') same('inclusion proofs', where, got?.toString('base64') === n.root, v.error !== 'proof-invalid');
    if (v.error) return;
    const payload = envelope(where, leaf, ring);
    if (v.body) same('bodies and their statements', where, digest(octets(v.body)) === JSON.parse(payload).bodyDigest, v.code === undefined);
    if (!v.code) same('entry ids', where, `${at} ${n.size} ${entryID(payload)}`, `${v.index} ${v.size} ${v.id}`);
  });
}

// chainFile checks the leaves of one of chains/, and those that could come. Keys are
// those that their statements bring.
function chainFile(path) {
  if (only.length > 0 && !only.includes(path)) return;
  const { leaves, cases = [] } = read(path);
  const all = [...leaves.map((v, i) => [v, `${path} leaf ${i}`]), ...cases.map((v) => [v, `${path} ${v.name}`])].filter(([v]) => v.id);
  const ring = new Ring();
  for (const [v, where] of all) attempt(where, () => ring.learn(JSON.parse(payloadOf(octets(v.leaf)))));
  for (const [v, where] of all) {
    attempt(where, () => {
      const payload = envelope(where, octets(v.leaf), ring, v.unverified);
      same('entry ids', where, entryID(payload), v.id);
      const { prev } = JSON.parse(payload);
      if (v.verdict === 'accepted' && prev) same('statements before', where, leaves.some((o) => o.id === prev && o.verdict === 'accepted'), true);
    });
  }
}

// --- Whole logs ---

const readLog = (path) => fs.readFileSync(`${dir}/logs/${path}`);

function bundle(b) {
  const leaves = [];
  for (let at = 0; at < b.length;) {
    const end = at + 2 + b.readUInt16BE(at);
    leaves.push(b.subarray(at + 2, end));
    at = end;
  }
  return leaves;
}

function logFolder(name) {
  if (only.length > 0 && !only.includes(`logs/${name}`)) return;
  const where = `logs/${name}`;
  const { unverified = [], altered = [] } = JSON.parse(readLog(`${name}/expected.json`));
  const policy = parsePolicy(readLog(`${name}/policy.txt`).toString());
  const [, size] = readLog(`${name}/log/checkpoint`).toString().split('\n');
  const leaves = bundle(readLog(`${name}/log/tile/entries/000.p/${size}`));
  const hashes = leaves.map(leafHash);
  same('tiles', where, Buffer.concat(hashes).toString('hex'), readLog(`${name}/log/tile/0/000.p/${size}`).toString('hex'));

  const archive = readLog(`${name}/log/checkpoints`).toString();
  const parts = archive.split('\n\n'); // a note's text and its signatures take turns
  const notes = Array.from({ length: (parts.length - 1) / 2 }, (_, i) => `${parts[2 * i]}\n\n${parts[2 * i + 1]}\n`);
  const shown = readLog(`${name}/log/checkpoint`).toString();
  same('archives', where, notes.map((n) => `${n}\n`).join('') === archive && notes.at(-1) === shown, true);
  for (const n of notes.map(parseNote)) {
    same('checkpoints', where, note(where, n, policy), 0);
    same('roots', where, merkleRoot(hashes.slice(0, n.size)).toString('base64'), n.root);
  }

  const ring = new Ring();
  const exact = leaves.map((leaf, i) => [leaf, i]).filter(([leaf]) => leaf.at(-1) === 0x7d); // the others are no leaves
  for (const [leaf] of exact) ring.learn(JSON.parse(payloadOf(leaf)));
  exact.forEach(([leaf, i]) => attempt(`${where} leaf ${i}`, (at) => {
    const payload = envelope(at, leaf, ring, unverified.filter((u) => u.index === i).map((u) => u.keyid));
    if (i === 0) same('entry ids', at, `${entryID(payload)}\n`, readLog(`${name}/charter-id`).toString());
  }));

  for (const d of fs.readdirSync(`${dir}/logs/${name}/log/bodies`)) {
    same('texts of logs', `${where} ${d}`, digest(readLog(`${name}/log/bodies/${d}`)) === d, !altered.includes(d));
  }
}

// --- All ---

const ring = new Ring();
canonicalFile();
timesFile();
keysFile(ring);
signaturesFile();
leavesFile(ring);
each('statements.json', (v, where) => same('entry ids', where, entryID(octets(v.payload)), v.id));
bodiesFile();
disclosuresFile();
slotsFile();
submissionsFile();
directoriesFile();
policiesFile();
checkpointsFile();
proofsFile(ring);
const folder = (path) => (fs.existsSync(`${dir}/${path}`) ? fs.readdirSync(`${dir}/${path}`).sort() : []);
for (const f of folder('chains')) chainFile(`chains/${f}`);
for (const f of folder('logs')) attempt(`logs/${f}`, () => logFolder(f));

for (const [what, n] of [...counts].sort()) console.log(`${String(n).padStart(6)} ${what}`);
for (const d of differences.slice(0, 50)) console.error(`error: ${d}`);
if (differences.length > 0) {
  console.error(`error: ${differences.length} differences`);
  process.exit(1);
}
console.log('all as the files have it');
