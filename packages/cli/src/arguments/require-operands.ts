import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { KnownCommand } from './known-commands.js';

/**
 * Requires that the number of operands and their values match the command's declaration.
 *
 * @throws `usage` if they do not.
 */
export function requireOperands({ name, command }: KnownCommand, operands: readonly string[]): void {
  const { min = 0, max = Number.POSITIVE_INFINITY, values } = command.operands ?? {};
  const unknown = values && operands.find((operand) => !values.includes(operand));
  if (operands.length >= min && operands.length <= max && unknown === undefined) {
    return;
  }
  const found = operands.length === 0 ? 'nothing' : `'${operands.join(' ')}'`;
  const suggestion = values === undefined || unknown === undefined ? '' : didYouMean(unknown, values);
  const problem = operands.length > max ? 'too many arguments: expected' : 'expected';
  throw new VirtSimilarityError(
    'usage',
    `${name}: ${problem} ${expectation(min, max, values)}; found ${found}${suggestion}`,
  );
}

function expectation(min: number, max: number, values: readonly string[] | undefined): string {
  if (max === 0) {
    return 'none';
  }
  if (values !== undefined) {
    return `one of ${values.join(', ')}`;
  }
  if (max === Number.POSITIVE_INFINITY) {
    return `at least ${argumentsCount(min)}`;
  }
  const range = min === 0 ? 'at most ' : `${min} to `;
  return `${min === max ? '' : range}${argumentsCount(max)}`;
}

function argumentsCount(count: number): string {
  return `${count} ${count === 1 ? 'argument' : 'arguments'}`;
}
