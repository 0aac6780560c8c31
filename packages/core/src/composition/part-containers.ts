import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { EXECUTOR, LOCAL_EXECUTOR } from '../contracts/executor.js';
import { type Constructor, LOGGER } from '../contracts/plugin.js';
import { VECTOR_STORE } from '../contracts/vector-store.js';

/** What constructing classes takes. */
export interface Injection {
  /** Knows what the embedding program registered; it may be of another copy of tsyringe. */
  readonly container: DependencyContainer;
  /** This package's copy of tsyringe. */
  readonly tsyringe: Pick<typeof import('tsyringe'), 'container' | 'injectable'>;
}

/** What a program may register beside parts. */
const SERVICES: readonly InjectionToken<unknown>[] = [LOGGER, VECTOR_STORE, EXECUTOR, LOCAL_EXECUTOR];

/**
 * The containers that construct the parts of a registry, whichever copies of tsyringe the program and the plugins use: each
 * copy knows the parameters of those classes only that its own decorators saw.
 */
export class PartContainers {
  /** In which the program's own parts are constructed. */
  readonly #ofProgram: DependencyContainer;
  /** In which parts of plugins are constructed. */
  readonly #ofPlugins: DependencyContainer;
  readonly #injectable: Injection['tsyringe']['injectable'];

  /** @param defaults by token: what injects it, unless the program registered that itself */
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

  /** What the program registered. */
  resolve(token: InjectionToken<object>): object {
    return this.#ofProgram.resolve(token);
  }

  /** @param own by token: what is injected into this class only */
  construct(part: Constructor<object>, own: ReadonlyMap<InjectionToken<unknown>, () => unknown>): object {
    const container = this.#ofPlugins.createChildContainer();
    for (const [token, useFactory] of own) {
      container.register(token, { useFactory });
    }
    this.#adopt(part, new Set());
    return container.resolve(part);
  }

  /** Makes the parameters known of a class, and of the classes that are injected into it, that another copy decorated. */
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

/** By which keys decorators keep the types of parameters, and the tokens of `@inject`. */
const TYPES = 'design:paramtypes';
const TOKENS = 'injectionTokens';

/** What is injected: the type of the parameter or a token, which `@inject` may describe. */
type Injected = Constructor<unknown> | { readonly token?: unknown } | undefined;

/** What reflect-metadata adds to `Reflect`. */
interface Metadata {
  readonly getMetadata: (key: string, target: object) => Readonly<Record<number, Injected>> | undefined;
  readonly hasOwnMetadata: (key: string, target: object) => boolean;
}
