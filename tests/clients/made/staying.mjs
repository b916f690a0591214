// Of what `login` answered. Each call of what it gives is a header that is good for a minute at least; it throws once
// the session has ended.
export function staying({ url, fetch, accessToken, refreshToken, expiresIn }) {
  let tokens, refreshing;
  const keep = (answer) => (tokens = { ...answer, until: Date.now() + answer.expiresIn * 1000 });
  keep({ accessToken, refreshToken, expiresIn });

  async function refresh() {
    const query = "mutation ($token: String!) { refreshToken(token: $token) { accessToken refreshToken expiresIn } }";
    const body = JSON.stringify({ query, variables: { token: tokens.refreshToken } });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { data, errors } = await response.json();
    if (errors) throw Object.assign(new Error(errors[0].message), { errors });
    keep(data.refreshToken);
  }
  return async () => {
    if (tokens.until < Date.now() + 60_000) await (refreshing ??= refresh().finally(() => (refreshing = undefined)));
    return `Bearer ${tokens.accessToken}`;
  };
}
