// Starts the Slack of npm emulate, unchanged, with what a test needs around it: reads sent as GET, tokens it never gave out
// refused, and events delivered as Slack documents them. `node emulated_slack.mjs '{"hook": "http://...", "seed": {...}}'`.
const dist = new URL("../peers/node_modules/emulate/dist/", import.meta.url);
const { createEmulator } = await import(new URL("api.js", dist));
// A part of the package, named by its build: tests/peers/package.json asks for that one version.
const { slackPlugin, getSlackStore } = await import(new URL("dist-6ZQHD4DN.js", dist));
const { hook, seed } = JSON.parse(process.argv[2]);
const register = slackPlugin.register;

slackPlugin.register = (app, store, webhooks, ...rest) => {
  const known = () => getSlackStore(store);
  app.use("*", async (context, next) => {
    const token = /^Bearer (.+)$/.exec(context.req.header("Authorization") ?? "")?.[1];
    if (token && !known().tokens.findOneBy("token", token)) return context.json({ ok: false, error: "invalid_auth" });
    return next();
  });
  app.get("/api/:method", (context) => {
    const { origin, pathname, searchParams } = new URL(context.req.url);
    const headers = { Authorization: context.req.header("Authorization") ?? "" };
    return app.fetch(new Request(origin + pathname, { method: "POST", body: searchParams, headers }));
  });
  const dispatch = webhooks.dispatch.bind(webhooks);
  webhooks.dispatch = (name, action, payload, ...owner) => {
    const bot = known().oauthApps.all()[0].bot_user_id;
    const channel = known().channels.findOneBy("channel_id", payload.event.channel ?? "");
    if (payload.event.type === "message") payload.event.channel_type = channel?.is_im ? "im" : "channel";
    const authorizations = [{ team_id: payload.team_id, user_id: bot, is_bot: true }];
    return dispatch(name, action, { ...payload, authorizations }, ...owner);
  };
  webhooks.register({ url: hook, events: ["message"], active: true, owner: "slack" });
  return register(app, store, webhooks, ...rest);
};

const { url } = await createEmulator({ service: "slack", port: 0, hostname: "127.0.0.1", seed: { slack: seed } });
console.log(`emulate listens on ${url.replace("localhost", "127.0.0.1")}`);
