// Checks a webhook of Honnin. Needs nothing but Node 18 or later.
//
//     node verify_webhook.mjs headers.json < body      # the secret is in WEBHOOK_SECRET
//
// Remember the ids of what you took, and answer 200 to one that you know: it may come twice.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The event in `body` (a Buffer, as it came); throws if it is forged or not of these five minutes. */
export function verify(headers, body, secret, now) {
  const id = headers["webhook-id"], at = headers["webhook-timestamp"];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mine = Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64"));
  const given = headers["webhook-signature"].split(" ").map((each) => Buffer.from(each));
  if (!given.some((each) => each.length === mine.length && timingSafeEqual(each, mine))) throw new Error("forged");
  if (!(Math.abs(now - Number(at)) <= 300)) throw new Error("too old, or from the future");
  return JSON.parse(body);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [headers, body] = [process.argv[2], 0].map((file) => readFileSync(file));
  console.log(JSON.stringify(verify(JSON.parse(headers), body, process.env.WEBHOOK_SECRET, Date.now() / 1000)));
}
