/** The manual pages of the commands, in the macros of man(7). */
import { EXIT_MEANINGS } from '#cli/exit-codes.js';

const PROGRAM = 'virt-similarity';
/** The day of the release, which manuals show. */
const DATE = '2026-11-30';

const ENVIRONMENT = [
  [
    'VIRT_SIMILARITY_NAME',
    'sets the option NAME that can be configured, such as VIRT_SIMILARITY_BLOCK_SIZE for --block-size',
  ],
  ['VIRT_SIMILARITY_CONFIG', 'names the configuration file, as --config does'],
  ['NO_COLOR, FORCE_COLOR, TERM', 'decide about colors unless --color is given'],
  ['XDG_CONFIG_HOME', 'is the directory of configuration files; default: ~/.config'],
  ['TMPDIR', 'is the directory of temporary files; default: /tmp'],
];

const FILES = [
  ['similarity-cache', 'the cache of hash vectors, in the working directory; it can be deleted at any time'],
  ['~/.config/virt-similarity/config.json', 'the configuration file'],
];

/** Returns the pages of the commands by file name. The page of the default command has the name of the program. */
export function manPages(commands, version) {
  return new Map(commands.map((command) => [`${pageOf(command)}.1`, [...page(command, commands, version)].join('')]));
}

function pageOf({ name, isDefault }) {
  return isDefault ? PROGRAM : `${PROGRAM}-${name}`;
}

function* page(command, commands, version) {
  const { name, summary, usage, description, examples, groups, isDefault } = command;
  const title = pageOf(command);
  yield `.TH ${title.toUpperCase()} 1 ${DATE} "${PROGRAM} ${version}" "User Commands"\n`;
  yield section('NAME', filled(`${text(title)} \\- ${text(summary.replace(' (the default command)', ''))}`));
  yield section('SYNOPSIS', `.B ${text(PROGRAM)}${isDefault ? '' : ` ${name}`}\n${text(usage)}`);
  yield section('DESCRIPTION', filled(text(description)));
  yield section('EXAMPLES', examples.map(example).join('\n.PP\n'));
  yield '.SH OPTIONS\n';
  for (const { title: group, flags } of groups) {
    yield `.SS ${text(group)}\n`;
    yield flags.map((flag) => item(flagTerm(flag), flag.help)).join('');
  }
  yield item(bold('--version'), 'print the version') + item(bold('--help'), 'print the help');
  const others = commands.filter((other) => other !== command);
  if (isDefault) {
    yield section(
      'COMMANDS',
      others
        .map((each) => item(reference(pageOf(each)), each.summary))
        .join('')
        .trimEnd(),
    );
  }
  yield section(
    'EXIT STATUS',
    EXIT_MEANINGS.map(([codes, meaning]) => item(bold(codes), meaning))
      .join('')
      .trimEnd(),
  );
  yield section(
    'ENVIRONMENT',
    ENVIRONMENT.map(([variable, effect]) => item(bold(variable), effect))
      .join('')
      .trimEnd(),
  );
  yield section(
    'FILES',
    FILES.map(([path, content]) => item(italic(path), content))
      .join('')
      .trimEnd(),
  );
  yield section('SEE ALSO', others.map((each) => reference(pageOf(each))).join(',\n'));
}

function section(title, body) {
  return `.SH ${title}\n${body}\n`;
}

/** Returns the purpose of an example, then its command line, indented and not filled. */
function example([line, purpose]) {
  return `${text(sentence(purpose))}\n.PP\n.RS 4\n.nf\n${text(line)}\n.fi\n.RE`;
}

function sentence(purpose) {
  return `${purpose.charAt(0).toUpperCase()}${purpose.slice(1)}:`;
}

function item(term, description) {
  return `.TP\n${term}\n${filled(text(description))}\n`;
}

function flagTerm({ short, long, placeholder }) {
  const forms = [short, long].filter((form) => form !== undefined).map(bold);
  return `${forms.join(', ')}${placeholder === '' ? '' : ` ${italic(placeholder)}`}`;
}

function reference(title) {
  return `${bold(title)}(1)`;
}

function bold(word) {
  return `\\fB${text(word)}\\fR`;
}

function italic(word) {
  return `\\fI${text(word)}\\fR`;
}

/** Escapes text for roff: backslashes, apostrophes, and hyphens, so that these can be copied. Replaces ellipses. */
function text(plain) {
  return plain.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('…', '...');
}

/** Breaks escaped text into lines that fit a terminal, and escapes periods that would begin a request. */
function filled(escaped) {
  return escaped
    .replace(/(.{1,78})(?: |$)/g, '$1\n')
    .trimEnd()
    .replaceAll(/^\./gm, '\\&.');
}
