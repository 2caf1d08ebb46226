import type { Channel } from '@/api/types';

/** What is said to somebody who comes back from a provider with nothing, by the outcome in the address. */
interface Sayings {
  installed: string;
  nothing: string;
  why: Map<string, string>;
}

const AGAIN = 'Nothing was changed. Start again here.';
const SLACK: Sayings = {
  installed: 'Assent is installed in the Slack workspace.',
  nothing: 'Slack was not connected. Start again here.',
  why: new Map([
    ['not_installed', 'Assent was not installed: the request was declined in Slack. You can try again.'],
    ['refused', 'Slack was not connected: the request was declined there. You can try again.'],
    [
      'bad_state',
      `This sign-in at Slack was used already, took too long, or was begun in another browser. ${AGAIN}`,
    ],
    [
      'account_taken',
      'Slack was not connected: this account is linked to somebody else here, who must unlink it first.',
    ],
    [
      'not_granted',
      'Slack was not connected: it did not grant every permission needed. Start again, choose a workspace and not a whole organisation, and allow all permissions.',
    ],
    ['unavailable', 'Slack was not connected: a server did not answer in time. Start again in a moment.'],
  ]),
};
const GOOGLE: Sayings = {
  installed: "The agent's mailbox is connected.",
  nothing: 'Google was not connected. Start again here.',
  why: new Map([
    [
      'not_installed',
      "The agent's mailbox was not connected: the request was declined at Google. You can try again.",
    ],
    ['refused', 'Your address was not linked: the request was declined at Google. You can try again.'],
    [
      'bad_state',
      `This sign-in at Google was used already, took too long, or was begun in another browser. ${AGAIN}`,
    ],
    [
      'account_taken',
      'Your address was not linked: it is linked to somebody else here, who must unlink it first.',
    ],
    [
      'not_granted',
      'Google did not grant every permission needed. Start again, and leave every box on its page ticked.',
    ],
    ['unavailable', 'Google did not answer in time. Start again in a moment.'],
  ]),
};

/** What to tell somebody who comes back from a provider; none where all is well. */
export function oauthReturnNotice(params: URLSearchParams, channels: Channel[]): string | undefined {
  const linked = (type: string) => channels.some((channel) => channel.type === type && channel.linked);
  return (
    said(SLACK, params.get('slack'), linked('slack')) ?? said(GOOGLE, params.get('email'), linked('email'))
  );
}

function said(sayings: Sayings, outcome: string | null, linked: boolean): string | undefined {
  if (outcome === null || outcome === 'linked' || (outcome === 'refused' && linked)) return undefined;
  return outcome === 'installed' ? sayings.installed : (sayings.why.get(outcome) ?? sayings.nothing);
}
