#!/bin/sh
# Reviews the calendars and policies of a pull request: checks them, runs their tests and compares their capacity.
# Writes the comment for the pull request to $COMMENT (empty: nothing to say) and fails when anything is wrong, with
# the comment written all the same.
#
#   BASE, HEAD         revisions; HEAD is compared with where it left BASE
#   PATHS              files and directories, separated by white space (default: calendars policies)
#   GPUS_PER_REPLICA   default 1
#   FROM, TO           dates; default today and the end of coverage
#   BELLWETHER         the command, default `npx --yes bellwether`
#   COMMENT            default bellwether-comment.md
set -eu

: "${BASE:?must be the revision that the change is to be merged into}"
head=${HEAD:-HEAD}
bellwether=${BELLWETHER:-npx --yes bellwether}
comment=${COMMENT:-bellwether-comment.md}
marker='<!-- bellwether calendar diff -->'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The words of PATHS are paths as they stand, without wildcards.
set -f
# shellcheck disable=SC2086
set -- ${PATHS:-calendars policies}

# Runs a command of bellwether, shows what it says, and keeps it under a name. Its exit code is the function's.
step() {
  name=$1
  shift
  code=0
  # shellcheck disable=SC2086
  $bellwether "$@" >"$work/$name.out" 2>"$work/$name.err" || code=$?
  cat "$work/$name.err" >&2
  return "$code"
}

failed=0
step check check "$@" || failed=1
cat "$work/check.out"
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  # The same again as annotations, which stand beside the lines of the pull request.
  step annotations check --format github "$@" || true
  cat "$work/annotations.out"
fi

# Tests lie in directories, or are named by themselves; a calendar that is named is not one.
tests=''
for path; do
  case $path in
    *.test.yaml | *.test.yml) tests="$tests $path" ;;
    *) if [ -d "$path" ]; then tests="$tests $path"; fi ;;
  esac
done
if [ -n "$tests" ]; then
  # shellcheck disable=SC2086
  step test calendar test $tests || failed=1
  cat "$work/test.out"
fi

step diff calendar diff --git "$BASE...$head" --format markdown \
  --gpus-per-replica "${GPUS_PER_REPLICA:-1}" \
  ${FROM:+--from "$FROM"} ${TO:+--to "$TO"} -- "$@" || failed=1

{
  if [ "$failed" -ne 0 ]; then
    echo "$marker"
    echo
    echo '## This cannot be merged yet'
    echo
    echo '```text'
    # Nothing that is quoted may end the block.
    cat "$work"/check.err "$work"/test.err "$work"/diff.err 2>/dev/null | awk '!seen[$0]++' | head -n 100 | cut -c 1-400 | sed "s/\`\`\`/'''/g"
    echo '```'
    echo
  fi
  if [ "$failed" -ne 0 ]; then grep -vxF "$marker" "$work/diff.out" || true; else cat "$work/diff.out"; fi
} >"$comment"

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$comment" >>"$GITHUB_STEP_SUMMARY"; fi
exit "$failed"
