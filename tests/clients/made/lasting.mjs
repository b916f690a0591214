import { createClient } from "graphql-ws";

// A socket that outlives its tokens. `renew` does nothing while there is no newer token: setInterval(renew, 20_000).
export function lasting({ url, authorization, ...options }) {
  let shown;
  const connectionParams = async () => ({ authorization: (shown = await authorization()) });
  const client = createClient({ url: url.replace("http", "ws"), connectionParams, ...options });
  const query = "mutation ($token: String!) { renewConnection(accessToken: $token) { expiresAt } }";

  async function renew() {
    const latest = await authorization();
    if (shown === undefined || latest === shown) return;
    const variables = { token: latest.replace("Bearer ", "") };
    const renewed = await client.iterate({ query, variables }).next();
    if (!renewed.value.errors) shown = latest;
  }
  return { client, renew };
}
