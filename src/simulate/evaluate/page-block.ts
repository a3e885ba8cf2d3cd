export const PAGE_TITLE = '# Evaluation';
/** What lies between the two is written by `npm run evaluate`; what lies around it, by people. */
export const BLOCK_BEGIN = '<!-- npm run evaluate writes from here … -->';
export const BLOCK_END = '<!-- … to here. -->';
