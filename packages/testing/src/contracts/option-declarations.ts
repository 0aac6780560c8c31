import assert from 'node:assert/strict';
import type { OptionDeclaration, OptionDeclarations } from '@virt-similarity/core';
import { areDeclarations, readOptionValue } from '@virt-similarity/core/options';

import { assertSame } from './contract-test.js';

/** Lower-case words joined by hyphens. */
export const WORDS = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** One line of text without control characters, and without blanks at its start and end. */
export const ONE_LINE = /^(?=\S)\P{Cc}*\S$/u;

/** Asserts that flags, help texts and checks can be derived from the declarations. */
export function assertDeclarations(declared: OptionDeclarations = {}): void {
  assert.ok(areDeclarations(declared), 'options: expected declarations by name, each with a type and a description');
  const letters = new Set<string>();
  for (const [name, declaration] of Object.entries(declared)) {
    const { description, placeholder, short } = declaration;
    assert.match(name, WORDS, `option ${name}: expected lower-case words joined by hyphens`);
    assert.ok(!name.startsWith('no-') && !(name in {}), `option ${name}: expected a name that is not reserved`);
    assert.match(description, ONE_LINE, `option ${name}: expected a description of one line`);
    assert.match(placeholder ?? 'value', ONE_LINE, `option ${name}: expected a placeholder of one line`);
    if (short !== undefined) {
      assert.match(short, /^[a-zA-Z]$/, `option ${name}: expected a short form of one letter`);
      assert.ok(!letters.has(short), `option ${name}: expected a short form that no other option uses`);
      letters.add(short);
    }
    assertValues(name, declaration);
  }
}

/** Asserts that valid values exist and that the default is one of them. */
function assertValues(name: string, declaration: OptionDeclaration): void {
  if (declaration.type === 'enum') {
    const { values } = declaration;
    assert.ok(values.length > 1, `option ${name}: expected at least two values`);
    assert.equal(new Set(values).size, values.length, `option ${name}: expected no duplicate values`);
    assert.ok(
      values.every((value) => typeof value === 'string' && ONE_LINE.test(value)),
      `option ${name}: expected values of one line`,
    );
  }
  if ('min' in declaration || 'max' in declaration) {
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = declaration;
    assert.ok(min <= max, `option ${name}: expected min to be at most max`);
  }
  if (declaration.default !== undefined) {
    const read = readOptionValue(declaration, declaration.default);
    assertSame(read, declaration.default, `option ${name}: expected a valid default`);
  }
}
