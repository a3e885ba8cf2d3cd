// Keeps one comment on a pull request (GitHub) or merge request (GitLab) up to date: node comment.mjs FILE
//
// The file's first line is the marker by which the comment is found again. An empty file leaves no comment where there
// was none, and says so in the one that there is. Needs Node 20 and nothing else.
//
//   GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST, GITHUB_API_URL (default https://api.github.com)
//   GitLab: GITLAB_TOKEN (scope api), CI_PROJECT_ID, CI_MERGE_REQUEST_IID, CI_API_V4_URL
import { readFile } from 'node:fs/promises';

const MARKER = '<!-- bellwether calendar diff -->';
const NOTHING = `${MARKER}\n\nNo calendar and no policy changes any more.\n`;
const PAGE = 100;
const TIMEOUT_MS = 30_000;

const { env } = process;

/** Where comments are, and how each side calls its parts. */
function forge() {
  if (env.CI_API_V4_URL) {
    const notes = `${env.CI_API_V4_URL}/projects/${need('CI_PROJECT_ID')}/merge_requests/${need('CI_MERGE_REQUEST_IID')}/notes`;
    return {
      headers: { 'private-token': need('GITLAB_TOKEN') },
      list: notes,
      one: (id) => `${notes}/${id}`,
      update: 'PUT',
    };
  }
  const repository = `${env.GITHUB_API_URL ?? 'https://api.github.com'}/repos/${need('GITHUB_REPOSITORY')}/issues`;
  return {
    headers: { authorization: `Bearer ${need('GITHUB_TOKEN')}`, accept: 'application/vnd.github+json' },
    list: `${repository}/${need('PULL_REQUEST')}/comments`,
    one: (id) => `${repository}/comments/${id}`,
    update: 'PATCH',
  };
}

function need(name) {
  const value = env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}

async function call(method, url, headers, body) {
  const response = await fetch(url, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify({ body }) }),
  });
  if (!response.ok) throw new Error(`${method} ${url} must succeed, was ${response.status}`);
  return response.json();
}

async function findComment({ list, headers }) {
  for (let page = 1; ; page++) {
    const comments = await call('GET', `${list}?per_page=${PAGE}&page=${page}`, headers);
    const found = comments.find(({ body }) => body?.startsWith(MARKER));
    if (found || comments.length < PAGE) return found;
  }
}

async function main() {
  const text = await readFile(process.argv[2] ?? 'bellwether-comment.md', 'utf8');
  const where = forge();
  const present = await findComment(where);
  if (present) await call(where.update, where.one(present.id), where.headers, text.trim() ? text : NOTHING);
  else if (text.trim()) await call('POST', where.list, where.headers, text);
}

try {
  await main();
} catch (error) {
  // A pull request from a fork has a token that may not write: the review's own result stands without the comment.
  console.error(`the comment could not be written: ${error.message}`);
  process.exitCode = 1;
}
