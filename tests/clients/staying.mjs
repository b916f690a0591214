// Staying signed in as docs/clients.md shows it: one refresh however many ask, over HTTP and for a socket.
import assert from "node:assert/strict";
import { ask, done, follow, inbox, thrown, url } from "./lib.mjs";
import { lasting } from "./made/lasting.mjs";
import { staying } from "./made/staying.mjs";

const LOGIN = `mutation { login(identifier: "demo@parlor.example", password: "parlor-demo") {
  accessToken refreshToken expiresIn } }`;
let refreshed = 0;
const counting = (...request) => {
  refreshed += 1;
  return fetch(...request);
};
const { login } = await ask(LOGIN);
const authorization = staying({ url, fetch: counting, ...login });
assert.equal(await authorization(), `Bearer ${login.accessToken}`);
const fresh = refreshed;

const late = staying({ url, fetch: counting, ...login, expiresIn: 0 });
const [one, other] = await Promise.all([late(), late()]);
assert.equal(one, other);
const me = "{ me { name } }";
assert.deepEqual(await ask(me, {}, { authorization: await late() }), { me: { name: "Dora Demo" } });

const asked = [];
const another = (await ask(LOGIN)).login; // of one second, and so of one session, tokens are the same
const shown = [await authorization(), `Bearer ${another.accessToken}`];
const { client, renew } = lasting({
  url,
  authorization: async () => shown[0],
  on: { message: ({ type, payload }) => asked.push(...(type === "next" ? Object.keys(payload.data) : [])) },
});
await renew(); // nobody follows anything
const answer = await inbox((sink) => client.subscribe({ query: me }, sink))("who it is over a socket");
assert.deepEqual(answer, { data: { me: { name: "Dora Demo" } } });
const events = follow(client);
await events("Ready");
await renew();
shown.shift();
await renew();
await renew();

const stolen = staying({ url, fetch, ...login, expiresIn: 0 }); // its refresh token was used
const refused = await thrown(stolen());
done({ fresh, refreshed, asked, stolen: refused.errors[0].extensions.code });
