/**
 * What each shell needs to ask `tsmon complete` for the next word. An answer is one candidate a line, word and
 * description apart by a tab; a last line `:files` says that file names fit as well.
 */

export const SHELLS = ['bash', 'fish', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

// For readline `=` is a word of its own: `--output=js` arrives as three, and only the last is to be replaced.
const BASH = `_tsmon() {
  local i line prefix="" files="" words=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == "=" && i -gt 1 ]]; then
      words[-1]+="="
      prefix=\${words[-1]}
    elif [[ -n $prefix ]]; then
      words[-1]+=\${COMP_WORDS[i]}
      ((i < COMP_CWORD)) && prefix=""
    else
      words+=("\${COMP_WORDS[i]}")
    fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then files=1; continue; fi
    line=\${line%%$'\\t'*}
    COMPREPLY+=("\${line#"$prefix"}")
  done < <(tsmon complete -- "\${words[@]}" 2>/dev/null)
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    line=\${words[-1]}
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${line#"$prefix"}")
  fi
}
complete -F _tsmon tsmon
`;

const ZSH = `#compdef tsmon
_tsmon() {
  local line files=0
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then files=1; continue; fi
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(tsmon complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe -t commands tsmon candidates
  (( files )) && _files
}
compdef _tsmon tsmon
`;

const FISH = `function __tsmon_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (tsmon complete -- $words[2..-1] 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c tsmon -f -a '(__tsmon_complete)'
`;

export const COMPLETION_SCRIPTS: Record<Shell, string> = { bash: BASH, fish: FISH, zsh: ZSH };
