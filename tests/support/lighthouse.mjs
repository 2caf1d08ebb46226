// Reads the page at the given address with Lighthouse in the given Chromium and prints its scores and what it finds.
import { createRequire } from "node:module";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const { default: lighthouse } = await import(require.resolve("lighthouse"));
const [address, browser, ...flags] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "lighthouse-"));
const chromium = spawn(browser, [...flags, "--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"], {
  stdio: ["ignore", "ignore", "pipe"],
});
const port = await new Promise((resolve, reject) => {
  let said = "";
  chromium.stderr.on("data", (piece) => {
    const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec((said += piece));
    if (found) resolve(Number(found[1]));
  });
  chromium.on("exit", () => reject(new Error(`the browser ended: ${said}`)));
});
try {
  const categories = ["accessibility", "best-practices", "performance"];
  const patience = { maxWaitForFcp: 120_000, maxWaitForLoad: 180_000 };
  const { lhr } = await lighthouse(address, { port, output: "json", onlyCategories: categories, logLevel: "silent", ...patience });
  const scores = Object.fromEntries(categories.map((name) => [name, lhr.categories[name].score]));
  const found = categories.slice(0, 2).flatMap((name) =>
    lhr.categories[name].auditRefs
      .map(({ id }) => lhr.audits[id])
      .filter(({ score }) => score !== null && score < 1)
      .map(({ id, title, details }) => `${id}: ${title} ${JSON.stringify(details?.items ?? []).slice(0, 400)}`),
  );
  const speed = Object.fromEntries(
    ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"].map(
      (id) => [id, lhr.audits[id].displayValue],
    ),
  );
  console.log(JSON.stringify({ scores, found, speed, error: lhr.runtimeError?.message ?? "" }));
} finally {
  chromium.removeAllListeners("exit");
  chromium.kill("SIGKILL");
  await new Promise((resolve) => chromium.once("close", resolve));
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
