// A whole evening of two clients in a private room, the second of which loses its way to the server now and then.
import assert from "node:assert/strict";
import { ask, connect, done, inbox, signIn, thrown, wire } from "./lib.mjs";

const EVENTS = `subscription ($of: ID!, $after: Cursor) { seanceEvents(seanceId: $of, after: $after) { __typename
  ... on Ready { cursor }
  ... on Change { cursor kind at entityId actor { name } }
  ... on SeatChange { participant { id user { name } } }
  ... on MessageChange { message { id kind text sender { name } letterTiming startsAt } }
  ... on TurnChange { turn { id failure } }
  ... on RoomChange { seance { participantCount isActive } }
  ... on UserTyping { typing until user { name } } } }`;

const HELD = 15; // seconds, in which a seat must be free again; the test has it held for two
const BESIDE = new Set(["SeanceUpdated", "UserTyping"]);

const [gus, ida] = [await signIn("gus"), await signIn("ida")];

/** A subscription to the room that can be cut, and what it has heard. */
async function follower(person, of) {
  const way = await wire();
  const variables = { of };
  const heard = [];
  let take;
  const next = async (what, seconds) => {
    const { data, errors } = await take(what, seconds);
    if (errors) throw new Error(JSON.stringify(errors));
    const event = data.seanceEvents;
    variables.after = event.cursor ?? variables.after;
    return event;
  };
  const follow = async () => {
    const client = connect(person.authorization, { by: way, lazy: false, onNonLazyError: () => {} });
    take = inbox((sink) => client.subscribe({ query: EVENTS, variables }, sink));
    assert.equal((await next("Ready")).__typename, "Ready");
  };
  /** The next event, which is of this type; who types, and how many sit there, is told among it. */
  const until = async (type, seconds) => {
    for (;;) {
      const event = await next(type, seconds);
      if (event.cursor) heard.push(event);
      if (event.__typename === type) return event;
      assert.ok(BESIDE.has(event.__typename), `${type} is awaited, not ${JSON.stringify(event)}`);
    }
  };
  const texts = async (number) => {
    const found = [];
    while (found.length < number) found.push((await until("MessageReceived")).message.text);
    return found;
  };
  const refused = async () => (await thrown(next("the end of the stream")))[0].extensions.code;
  return { follow, until, texts, refused, heard, cut: way.cut, end: way.end };
}

const say = (person, of, text) =>
  ask("mutation ($of: ID!, $text: String!) { sendSeanceMessage(input: { seanceId: $of, text: $text }) { id } }", { of, text }, person);
const code = async (promise) => JSON.parse((await thrown(promise)).message.split("was refused: ")[1])[0].extensions.code;

// Gus opens a private room, and is alone there.
const { createSeance: room } = await ask(
  'mutation { createSeance(input: { name: "The attic", maxUsers: 3, visibility: PRIVATE }) { id host { id } messages { nodes { kind text } } } }', {}, gus);
const of = room.id;
assert.equal(room.host.id, gus.id);
assert.deepEqual(room.messages.nodes, [{ kind: "SYSTEM", text: "Session created" }]);
const [his, hers] = [await follower(gus, of), await follower(ida, of)];
await his.follow();

// For Ida it is not there, until she has a code.
const LOOK = "query ($of: ID!) { seance(id: $of) { name } }";
assert.equal(await code(ask(LOOK, { of }, ida)), "SEANCE_NOT_FOUND");
assert.equal(await code(ask("mutation ($of: ID!) { joinSeance(id: $of) { id } }", { of }, ida)), "SEANCE_NOT_FOUND");
const invitation = async (host) => (await ask(
  "mutation ($of: ID!) { createSeanceInvite(input: { seanceId: $of }) { code } }", { of }, host)).createSeanceInvite.code;
const accept = (code) => ask("mutation ($code: String!) { acceptSeanceInvite(code: $code) { id } }", { code }, ida);
await accept(await invitation(gus));
assert.equal((await his.until("UserJoined")).participant.user.name, "Ida Lindgren");
await hers.follow();

// They talk; who types is seen.
await say(gus, of, "Good evening; drop the table by the window");
assert.deepEqual(await his.texts(1), ["Good evening; drop the table by the window"]);
await ask("mutation ($of: ID!) { setSeanceTyping(seanceId: $of, typing: true) }", { of }, ida);
const typing = await his.until("UserTyping");
assert.deepEqual([typing.typing, typing.user.name], [true, "Ida Lindgren"]);
await say(ida, of, "<b>Hello</b>");
assert.deepEqual(await hers.texts(2), ["Good evening; drop the table by the window", "<b>Hello</b>"]);

// The spirit answers letter by letter, and both know at any moment which letter it is at.
await ask("mutation ($of: ID!) { askSpirit(input: { seanceId: $of, text: \"Is anybody there?\" }) { id } }", { of }, gus);
const spelled = [];
for (const client of [his, hers]) {
  while ((await client.texts(1))[0] !== "Is anybody there?");
  await client.until("SpiritAsked");
  await client.until("SpiritThinking");
  const { message, at } = await client.until("SpiritResponse");
  assert.equal(message.kind, "SPIRIT");
  assert.equal(message.letterTiming.length, [...message.text].length);
  assert.ok(Date.parse(message.startsAt) > Date.parse(at), `${message.startsAt} lies ahead of ${at}`);
  spelled.push(message);
}
assert.deepEqual(spelled[0], spelled[1]);

// Ida is gone for a moment: nobody hears of it, and she misses nothing.
hers.cut();
for (const text of ["One", "Two", "Three"]) await say(gus, of, text);
await hers.follow();
assert.deepEqual(await hers.texts(3), ["One", "Two", "Three"]);
assert.deepEqual(await his.texts(3), ["One", "Two", "Three"]);

// She is gone for longer than a seat is held: then it is free, and she has to take it again.
hers.cut();
const dropped = await his.until("UserLeft", HELD);
assert.equal(dropped.participant.user.name, "Ida Lindgren");
const late = await thrown(hers.follow());
assert.equal(late[0].extensions.code, "FORBIDDEN");
await ask("mutation ($of: ID!) { joinSeance(id: $of) { id } }", { of }, ida);
await his.until("UserJoined");
await hers.follow();
await hers.until("UserLeft"); // her own, which she missed
const joined = await hers.until("UserJoined");

// Gus hands the room to Ida, who sends him away, and then asks him in again.
const SEAT = "mutation ($of: ID!, $to: ID!) { transferSeance(id: $of, to: $to) { host { name } } }";
await ask(SEAT, { of, to: joined.participant.id }, gus);
await his.until("HostChanged");
await hers.until("HostChanged");
const seats = await ask("query ($of: ID!) { seance(id: $of) { participants { nodes { id isHost user { id } } } } }", { of }, ida);
const [seat] = seats.seance.participants.nodes.filter(({ user }) => user.id === gus.id);
assert.equal(seat.isHost, false);
await ask("mutation ($id: ID!) { kickSeanceParticipant(id: $id) { id } }", { id: seat.id }, ida);
await hers.until("UserLeft");
assert.equal(await his.refused(), "FORBIDDEN");
const { createSeanceInvite } = await ask(
  "mutation ($of: ID!) { createSeanceInvite(input: { seanceId: $of }) { code } }", { of }, ida);
await ask("mutation ($code: String!) { acceptSeanceInvite(code: $code) { id } }", { code: createSeanceInvite.code }, gus);
await hers.until("UserJoined");
await his.follow();
await his.until("UserLeft"); // his own, which he missed
await his.until("UserJoined");

// Ida ends it. Both read what was said.
await say(gus, of, "Good night");
await ask("mutation ($of: ID!) { endSeance(id: $of) { isActive } }", { of }, ida);
for (const client of [his, hers]) {
  assert.deepEqual(await client.texts(2), ["Good night", "Session ended"]);
  assert.equal((await client.until("SeanceEnded")).seance.isActive, false);
}
assert.equal(await code(say(ida, of, "Still here?")), "CONFLICT");
const PAGE = `query ($of: ID!, $after: String) { seance(id: $of) { messages(first: 4, after: $after) {
  nodes { kind text } pageInfo { hasNextPage endCursor } } } }`;
async function transcript(person) {
  const lines = [];
  for (let page = { hasNextPage: true }; page.hasNextPage; ) {
    const { nodes, pageInfo } = (await ask(PAGE, { of, after: page.endCursor }, person)).seance.messages;
    lines.push(...nodes.map(({ kind, text }) => [kind, text]));
    page = pageInfo;
  }
  return lines.reverse();
}
const read = await transcript(gus);
assert.deepEqual(await transcript(ida), read);

// What both have heard they have heard in the same order, and nothing twice.
const cursors = (client) => client.heard.map(({ cursor }) => cursor);
const [first, second] = [cursors(his), cursors(hers)];
for (const all of [first, second]) assert.equal(new Set(all).size, all.length);
const both = new Set(first).intersection(new Set(second));
assert.deepEqual(first.filter((one) => both.has(one)), second.filter((one) => both.has(one)));
done({ transcript: read.map(([kind, text]) => (kind === "SPIRIT" ? [kind] : [kind, text])), both: both.size > 20 });
