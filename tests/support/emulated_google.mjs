// Starts the Google of npm emulate, unchanged, with what a test needs around it: tokens it never gave out and scopes nobody
// granted refused, the mailbox's profile, the search by Message-ID, a courier between mailboxes, consent that lapses or is
// withdrawn, and the keys with which pushes are signed. `node emulated_google.mjs '{"seed": {...}, "tokens": {...}}'`.
import { generateKeyPairSync, sign } from "node:crypto";

const dist = new URL("../peers/node_modules/emulate/dist/", import.meta.url);
const { createEmulator } = await import(new URL("api.js", dist));
// A part of the package, named by its build: tests/peers/package.json asks for that one version.
const { googlePlugin, getGoogleStore } = await import(new URL("dist-EWDF5AHG.js", dist));
const { seed, tokens } = JSON.parse(process.argv[2]);
const register = googlePlugin.register;
const WHOLE = "https://mail.google.com/";
const keys = { ours: pair(), foreign: pair() };
let beginToCarry;

googlePlugin.register = (app, store, webhooks, baseUrl, tokenMap) => {
  const gmail = getGoogleStore(store);
  guard(app, tokenMap);
  app.get("/gmail/v1/users/:user/profile", (context) => context.json(profile(gmail, context.get("authUser").login)));
  app.use("*", (context, next) => byMessageId(context, next, gmail));
  beginToCarry = () => courier(app, gmail);
  control(app, store, tokenMap);
  return register(app, store, webhooks, baseUrl, tokenMap);
};

/** Every call of Gmail needs a token that was given out, and the scope for what it does. */
function guard(app, tokenMap) {
  app.use("*", async (context, next) => {
    const { pathname } = new URL(context.req.url);
    if (!pathname.includes("/gmail/v1/") && !pathname.endsWith("/userinfo")) return next();
    const token = /^Bearer (.+)$/.exec(context.req.header("Authorization") ?? "")?.[1];
    const known = tokenMap.get(token);
    if (!known) return refusal(context, 401, "authError", "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    const needed = pathname.endsWith("/userinfo") ? "email" : scope(pathname.endsWith("/messages/send") ? "send" : "readonly");
    const granted = known.scopes.map((each) => each.replace(/.*\/userinfo\./, ""));
    if (granted.includes(needed) || granted.includes(WHOLE)) return next();
    return refusal(context, 403, "insufficientPermissions", "PERMISSION_DENIED", "Request had insufficient authentication scopes.");
  });
}

function scope(name) {
  return `https://www.googleapis.com/auth/gmail.${name}`;
}

function refusal(context, code, reason, status, message) {
  return context.json({ error: { code, message, errors: [{ message, domain: "global", reason }], status } }, code);
}

function profile(gmail, emailAddress) {
  const messages = gmail.messages.findBy("user_email", emailAddress);
  const seen = gmail.history.findBy("user_email", emailAddress).map((event) => BigInt(event.gmail_id));
  const historyId = String(seen.reduce((latest, each) => (each > latest ? each : latest), 1n));
  return { emailAddress, messagesTotal: messages.length, threadsTotal: messages.length, historyId };
}

/** Gmail's search for the mail with one Message-ID, which the package does not know. */
function byMessageId(context, next, gmail) {
  const asked = /^rfc822msgid:(\S+)$/.exec(new URL(context.req.url).searchParams.get("q") ?? "")?.[1];
  if (!asked) return next();
  const there = gmail.messages.findBy("user_email", context.get("authUser").login);
  const found = there.filter((each) => each.message_id === `<${asked}>`);
  return context.json({ messages: found.map((each) => ({ id: each.gmail_id, threadId: each.thread_id })) });
}

/** What is sent through one mailbox arrives in the others, with the headers a receiver adds; or comes back. */
function courier(app, gmail) {
  const insert = gmail.messages.insert.bind(gmail.messages);
  gmail.messages.insert = (values) => {
    const message = insert(values);
    if (message.label_ids.includes("SENT")) void carry(app, gmail, message);
    return message;
  };
}

async function carry(app, gmail, message) {
  const raw = Buffer.from(message.raw, "base64url").toString("latin1");
  const to = [message.to, message.cc ?? ""].flatMap((each) => each.match(/[^\s<>,;"]+@[^\s<>,;"]+/g) ?? []);
  for (const address of to.map((each) => each.toLowerCase())) {
    const arrives = reach(gmail, address);
    if (arrives) await put(app, arrives, received(message, arrives, raw) + raw);
    else await put(app, message.user_email, bounce(message, address, raw));
  }
}

/** The mailbox of an address, also of one with a plus. */
function reach(gmail, address) {
  const plain = address.replace(/\+[^@]*@/, "@");
  return gmail.users.findOneBy("email", plain)?.email;
}

async function put(app, mailbox, raw) {
  const headers = { Authorization: `Bearer whole-${mailbox}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ raw: Buffer.from(raw, "latin1").toString("base64url") });
  const reply = await app.fetch(new Request("http://peer/gmail/v1/users/me/messages/import", { method: "POST", headers, body }));
  if (reply.status !== 200) throw new Error(`the courier could not deliver to ${mailbox}: ${await reply.text()}`);
}

function received(message, to, raw) {
  const sender = message.user_email, domain = sender.split("@")[1];
  const from = /^From:(.*)$/im.exec(raw)?.[1] ?? "";
  const shown = /@([^\s<>"]+)>?\s*$/.exec(from)?.[1].toLowerCase() ?? "";
  const dmarc = shown === domain ? "pass" : "fail";
  return [
    `Delivered-To: ${to}`,
    "Received: by 2002:a05:6a10:b0b with SMTP id p11csp1; Mon, 16 Nov 2026 01:00:00 -0800 (PST)",
    `Return-Path: <${sender}>`,
    `Received: from mail.${domain} (mail.${domain}. [192.0.2.7]) by mx.google.com with ESMTPS id k1; Mon, 16 Nov 2026 01:00:00 -0800 (PST)`,
    `Received-SPF: pass (google.com: domain of ${sender} designates 192.0.2.7 as permitted sender) client-ip=192.0.2.7;`,
    `Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@${domain} header.s=s1 header.b=Zm9v;`,
    `       spf=pass (google.com: domain of ${sender} designates 192.0.2.7 as permitted sender) smtp.mailfrom=${sender};`,
    `       dmarc=${dmarc} (p=REJECT sp=REJECT dis=NONE) header.from=${shown}`,
    "",
  ].join("\r\n");
}

function bounce(message, address, raw) {
  const said = `The address couldn't be found, or is unable to receive mail: ${address}`;
  return [
    `Delivered-To: ${message.user_email}`,
    "Return-Path: <>",
    "Authentication-Results: mx.google.com; dkim=pass header.i=@googlemail.com; dmarc=pass header.from=googlemail.com",
    "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    `To: ${message.user_email}`,
    "Auto-Submitted: auto-replied",
    "Subject: Delivery Status Notification (Failure)",
    `In-Reply-To: ${message.message_id}`,
    `References: ${message.message_id}`,
    `X-Failed-Recipients: ${address}`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; boundary="report"; report-type=delivery-status',
    "",
    `--report\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n** Address not found **\r\n\r\n${said}\r\n`,
    "--report\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; googlemail.com\r\n",
    `Final-Recipient: rfc822; ${address}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550-5.1.1 no such user\r\n`,
    `--report\r\nContent-Type: message/rfc822\r\n\r\n${raw}\r\n--report--\r\n`,
  ].join("\r\n");
}

/** What only a test asks: a mailbox without its limits, access that expires, consent that is withdrawn, a push's token, the certificates it is checked with. */
function control(app, store, tokenMap) {
  app.get("/_control/mails", (context) => {
    const { searchParams } = new URL(context.req.url);
    const kept = getGoogleStore(store).messages.findBy("user_email", searchParams.get("email"));
    const wanted = kept.filter((mail) => mail.label_ids.includes(searchParams.get("label")));
    return context.json({ raw: wanted.map((mail) => mail.raw).slice(Number(searchParams.get("after"))) });
  });
  app.post("/_control/expire", async (context) => {
    const { email } = await context.req.json();
    return context.json({ expired: forget(tokenMap, email) });
  });
  app.post("/_control/revoke", async (context) => {
    const { email } = await context.req.json();
    const refreshing = store.getData("google.oauth.refreshTokens") ?? new Map();
    for (const [token, known] of refreshing) if (known.email === email) refreshing.delete(token);
    return context.json({ expired: forget(tokenMap, email) });
  });
  app.post("/_control/sign", async (context) => {
    const { claims, key } = await context.req.json();
    return context.json({ token: token(claims, keys[key].privateKey) });
  });
  app.get("/oauth2/v1/certs", (context) => context.json({ ours: keys.ours.publicKey }));
}

/** Access tokens that were given out to that account, except the tests' own. */
function forget(tokenMap, email) {
  const given = [...tokenMap].filter(([token, known]) => known.login === email && token.startsWith("google_"));
  for (const [token] of given) tokenMap.delete(token);
  return given.length;
}

function pair() {
  const encoding = { type: "spki", format: "pem" };
  return generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: encoding, privateKeyEncoding: { ...encoding, type: "pkcs8" } });
}

function token(claims, privateKey) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", kid: "ours", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

const { url } = await createEmulator({ service: "google", port: 0, hostname: "127.0.0.1", seed: { google: seed, tokens } });
beginToCarry(); // not what the package puts into its mailboxes at first
console.log(`emulate listens on ${url.replace("localhost", "127.0.0.1")}`);
