// Checks a result of Honnin. Needs nothing but Node 18 or later.
//
//     curl -s https://voice.example.co.jp/.well-known/jwks.json > keys.json
//     node verify_result.mjs keys.json agents < token      # prints the claims, or fails
import { createPublicKey, verify as signed } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The claims of a result for `audience` that is valid `now` (seconds); throws if it is not. */
export function verify(token, keySet, audience, now) {
  const [header, claims, signature] = token.split(".").map((p) => Buffer.from(p, "base64url"));
  const head = JSON.parse(header), said = JSON.parse(claims);
  if (head.alg !== "EdDSA" || head.typ !== "honnin-result+jwt") throw new Error("no result");
  const key = keySet.keys.find((k) => k.kid === head.kid);
  const body = Buffer.from(token.slice(0, token.lastIndexOf(".")));
  if (!signed(null, body, createPublicKey({ key, format: "jwk" }), signature)) throw new Error("forged");
  if (said.aud !== audience) throw new Error("for somebody else");
  if (now < said.iat - 60 || now > said.exp + 60) throw new Error("expired, or not yet");
  return said;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [keys, token] = [process.argv[2], 0].map((file) => readFileSync(file, "utf8").trim());
  console.log(JSON.stringify(verify(token, JSON.parse(keys), process.argv[3], Date.now() / 1000)));
}
