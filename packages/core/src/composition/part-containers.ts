import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { EXECUTOR, LOCAL_EXECUTOR } from '../contracts/executor.js';
import { type Constructor, LOGGER } from '../contracts/plugin.js';
import { VECTOR_STORE } from '../contracts/vector-store.js';

/** The tools for constructing classes with injected parameters. */
export interface Injection {
  /** The container with the embedding program's registrations; can belong to another copy of tsyringe. */
  readonly container: DependencyContainer;
  /** This package's copy of tsyringe. */
  readonly tsyringe: Pick<typeof import('tsyringe'), 'container' | 'injectable'>;
}

/** The tokens, other than those of parts, that a program can register. */
const SERVICES: readonly InjectionToken<unknown>[] = [LOGGER, VECTOR_STORE, EXECUTOR, LOCAL_EXECUTOR];

/**
 * The containers that construct the parts of a registry. If the program and this package use different copies of
 * tsyringe, there are two, because each copy knows only the parameters of classes that its own decorators processed.
 */
export class PartContainers {
  /** Constructs the program's own parts. */
  readonly #ofProgram: DependencyContainer;
  /** Constructs the parts of plugins. */
  readonly #ofPlugins: DependencyContainer;
  readonly #injectable: Injection['tsyringe']['injectable'];

  /** @param defaults by token, the function that provides the value, unless the program registered the token itself */
  constructor({ container, tsyringe }: Injection, defaults: ReadonlyMap<InjectionToken<unknown>, () => unknown>) {
    const ofProgram = container.createChildContainer();
    for (const [token, useFactory] of defaults) {
      if (!container.isRegistered(token, true)) {
        ofProgram.register(token, { useFactory });
      }
    }
    this.#injectable = tsyringe.injectable;
    this.#ofProgram = ofProgram;
    this.#ofPlugins = ofProgram;
    if (container.constructor !== tsyringe.container.constructor) {
      this.#ofPlugins = tsyringe.container.createChildContainer();
      for (const token of [...SERVICES, ...defaults.keys()]) {
        if (ofProgram.isRegistered(token, true)) {
          this.#ofPlugins.register(token, { useFactory: () => ofProgram.resolve(token) });
        }
      }
    }
  }

  /** Returns the object that the program registered for a token. */
  resolve(token: InjectionToken<object>): object {
    return this.#ofProgram.resolve(token);
  }

  /**
   * Constructs a class.
   *
   * @param own by token, the function that provides the value for this class only
   */
  construct(part: Constructor<object>, own: ReadonlyMap<InjectionToken<unknown>, () => unknown>): object {
    const container = this.#ofPlugins.createChildContainer();
    for (const [token, useFactory] of own) {
      container.register(token, { useFactory });
    }
    this.#adopt(part, new Set());
    return container.resolve(part);
  }

  /** Registers the parameters of a class and of its injected classes, if another copy of tsyringe decorated them. */
  #adopt(decorated: Constructor<unknown>, known: Set<unknown>): void {
    const { getMetadata, hasOwnMetadata } = Reflect as Partial<Metadata>;
    if (known.has(decorated) || getMetadata === undefined || hasOwnMetadata === undefined) {
      return;
    }
    known.add(decorated);
    const keys = [TYPES, TOKENS].filter((key) => hasOwnMetadata(key, decorated));
    if (keys.length > 0) {
      this.#injectable()(decorated as Constructor<object>);
    }
    for (const injected of keys.flatMap((key) => Object.values(getMetadata(key, decorated) ?? {}))) {
      const token = typeof injected === 'object' ? injected.token : injected;
      if (typeof token === 'function') {
        this.#adopt(token as Constructor<unknown>, known);
      }
    }
  }
}

/** The metadata keys of the types of parameters, and of the tokens of `@inject`. */
const TYPES = 'design:paramtypes';
const TOKENS = 'injectionTokens';

/** The dependency of a parameter: its type, or the token that was passed to `@inject`. */
type Injected = Constructor<unknown> | { readonly token?: unknown } | undefined;

/** The functions that reflect-metadata adds to `Reflect`. */
interface Metadata {
  readonly getMetadata: (key: string, target: object) => Readonly<Record<number, Injected>> | undefined;
  readonly hasOwnMetadata: (key: string, target: object) => boolean;
}
