// Prints where the Chromium of the web app's own dependencies is, unpacked, and the flags it wants.
import { createRequire } from "node:module";

process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs22.x"; // makes the package unpack the libraries it brings along, too
const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { default: chromium } = await import(require.resolve("@sparticuz/chromium"));
const path = await chromium.executablePath();
console.log(JSON.stringify({ path, libraries: process.env.LD_LIBRARY_PATH ?? "" }));
