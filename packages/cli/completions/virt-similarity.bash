# bash completion for virt-similarity; generated, see: virt-similarity completion bash

_virt_similarity() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=analyze flags operands position
  # bash splits --option=value into three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((position = 1; position < COMP_CWORD; position++)); do
    case ${COMP_WORDS[position]} in
      hash | view | plugins | cache | config | completion | doctor | plan | apply | search | diff | stats)
        command=${COMP_WORDS[position]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
    *' -a' | *' --add' | *' --files-from' | *' -o' | *' --output' | *' --annotate' | *' --names' | *' --config' | *' --plugin' | *' --log-file' | *' --keep' | *' --only-base' | *' --delete')
      return
      ;;
    *' --exclude' | *' -d' | *' --domain' | *' -c' | *' --connect' | *' --max-virtual-size' | *' --key' | *' --block-size' | *' --jobs' | *' --width' | *' --clusters' | *' --cut' | *' --label-length' | *' --max-distance' | *' --plugin-option' | *' --plugin-timeout' | *' --max-depth' | *' --min-saving' | *' --limit')
      compopt +o default
      return
      ;;
    *' --format')
      mapfile -t COMPREPLY < <(compgen -W 'auto arrow raw qcow2 qcow vmdk vdi vhdx vpc qed parallels dmg luks' -- "$current")
      compopt +o default
      return
      ;;
    *' --reader')
      mapfile -t COMPREPLY < <(compgen -W 'auto nbd raw qemu libguestfs' -- "$current")
      compopt +o default
      return
      ;;
    *' --allow-backing' | *' --cache')
      compopt -o dirnames +o default
      return
      ;;
    *' --hash')
      mapfile -t COMPREPLY < <(compgen -W 'sha256 md5 blake3 xxh128' -- "$current")
      compopt +o default
      return
      ;;
    *' --metric')
      mapfile -t COMPREPLY < <(compgen -W 'hamming hamming-fraction jaccard containment shared-content shared-blocks' -- "$current")
      compopt +o default
      return
      ;;
    *' --linkage')
      mapfile -t COMPREPLY < <(compgen -W 'single complete average weighted centroid median ward' -- "$current")
      compopt +o default
      return
      ;;
    *' --clusterer')
      mapfile -t COMPREPLY < <(compgen -W 'auto ml-hclust fast' -- "$current")
      compopt +o default
      return
      ;;
    'analyze -O' | 'config -O' | 'analyze --output-format' | 'config --output-format')
      mapfile -t COMPREPLY < <(compgen -W 'ascii html newick nexus phyloxml graphviz svg json csv clusters linkage phylip itol-labels itol-clusters itol-metadata distances arrow' -- "$current")
      compopt +o default
      return
      ;;
    'plan -O' | 'plan --output-format')
      mapfile -t COMPREPLY < <(compgen -W 'text json shell' -- "$current")
      compopt +o default
      return
      ;;
    'search -O' | 'stats -O' | 'search --output-format' | 'stats --output-format')
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
      compopt +o default
      return
      ;;
    'diff -O' | 'diff --output-format')
      mapfile -t COMPREPLY < <(compgen -W 'text json csv' -- "$current")
      compopt +o default
      return
      ;;
    *' --drawing')
      mapfile -t COMPREPLY < <(compgen -W 'ascii unicode' -- "$current")
      compopt +o default
      return
      ;;
    *' --dialect')
      mapfile -t COMPREPLY < <(compgen -W 'safe quoted' -- "$current")
      compopt +o default
      return
      ;;
    *' --table')
      mapfile -t COMPREPLY < <(compgen -W 'square pairs' -- "$current")
      compopt +o default
      return
      ;;
    *' --convention')
      mapfile -t COMPREPLY < <(compgen -W 'scipy r' -- "$current")
      compopt +o default
      return
      ;;
    *' --triangle')
      mapfile -t COMPREPLY < <(compgen -W 'square lower' -- "$current")
      compopt +o default
      return
      ;;
    *' --progress')
      mapfile -t COMPREPLY < <(compgen -W 'auto json none' -- "$current")
      compopt +o default
      return
      ;;
    *' --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
      compopt +o default
      return
      ;;
    *' --bases')
      mapfile -t COMPREPLY < <(compgen -W 'auto existing synthetic' -- "$current")
      compopt +o default
      return
      ;;
    *' --group-by')
      mapfile -t COMPREPLY < <(compgen -W 'none directory' -- "$current")
      compopt +o default
      return
      ;;
  esac
  case $command in
    analyze)
      flags='--add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --metric --linkage --clusterer --output-format --output --annotate --names --heights --compact --width --scale --drawing --cluster-colors --clusters --cut --dialect --binary --negative-branches --label-length --heat-map --table --max-distance --convention --strict --triangle --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='hash view plugins cache config completion doctor plan apply search diff stats'
      ;;
    hash)
      flags='--add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --output --anonymous --hex --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    view)
      flags='--add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --metric --linkage --clusterer --no-open --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    plugins)
      flags='--config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands=''
      ;;
    cache)
      flags='--cache --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='list verify prune'
      ;;
    config)
      flags='--plugin-timeout --log-file --config --no-config --plugin --plugin-option --quiet --verbose --progress --color --recursive --exclude --connect --reader --max-virtual-size --allow-in-use --no-sandbox --cache-decrypted --hash --block-size --cache --no-cache --jobs --metric --linkage --clusterer --output-format'
      operands=''
      ;;
    completion)
      flags='--config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='bash zsh fish'
      ;;
    doctor)
      flags='--config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands=''
      ;;
    plan)
      flags='--bases --max-depth --min-saving --keep --only-base --group-by --output-format --add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    apply)
      flags='--dry-run --resume --rollback --commit --accept-format-change --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    search)
      flags='--limit --output-format --add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    diff)
      flags='--output-format --add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
    stats)
      flags='--delete --output-format --add --files-from --null --recursive --exclude --domain --all-domains --connect --format --reader --allow-backing --max-virtual-size --allow-in-use --no-sandbox --key --keys-from-stdin --cache-decrypted --hash --block-size --cache --no-cache --jobs --config --no-config --plugin --plugin-option --plugin-timeout --quiet --verbose --progress --color --log-file'
      operands='FILES'
      ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    compopt +o default
  elif [[ $command == analyze ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current"; compgen -f -- "$current")
    compopt -o filenames
  elif [[ $operands != FILES ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current")
    compopt +o default
  fi
}

# Where the function adds no words and keeps the option default, bash completes file names.
complete -o default -F _virt_similarity virt-similarity
