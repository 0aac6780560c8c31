import { terminalText } from '@virt-similarity/core/reporting';

/**
 * Escapes a text for XML 1.0 and HTML, as content or in an attribute. Control characters, which XML 1.0 cannot
 * represent, and other unprintable characters become `\xNN` or `\u{N…}`.
 */
export function xmlText(text: string): string {
  return terminalText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
