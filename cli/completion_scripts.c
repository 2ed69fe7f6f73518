/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion_scripts.h"

/* Nothing that the program prints is ever run by the shell. */
const char *const COMPLETION_BASH =
    "# bash completion of chancery(1)\n"
    "_chancery()\n"
    "{\n"
    "    local line cur=${COMP_WORDS[COMP_CWORD]}\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
    "    done < <(\"${COMP_WORDS[0]}\" completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "    if [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        while IFS= read -r line; do\n"
    "            COMPREPLY+=(\"$line\")\n"
    "        done < <(compgen -f -- \"$cur\")\n"
    "    fi\n"
    "}\n"
    "complete -F _chancery chancery\n";

const char *const COMPLETION_ZSH =
    "#compdef chancery\n"
    "_chancery()\n"
    "{\n"
    "    local line\n"
    "    local -a found\n"
    "    while IFS= read -r line; do\n"
    "        found+=(\"${line%%$'\\t'*}:${line#*$'\\t'}\")\n"
    "    done < <(\"${words[1]}\" completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    if (( ${#found} )); then\n"
    "        _describe chancery found\n"
    "    else\n"
    "        _files\n"
    "    fi\n"
    "}\n"
    "if [ \"${funcstack[1]}\" = _chancery ]; then\n"
    "    _chancery \"$@\"\n"
    "else\n"
    "    compdef _chancery chancery\n"
    "fi\n";

const char *const COMPLETION_FISH =
    "# fish completion of chancery(1)\n"
    "function __chancery_words\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    test -n \"$current\"; or set current ''\n"
    "    $words[1] completion words -- $words[2..-1] $current 2>/dev/null\n"
    "end\n"
    "function __chancery_has_words\n"
    "    test (count (__chancery_words)) -gt 0\n"
    "end\n"
    "complete -c chancery -n __chancery_has_words -f -a '(__chancery_words)'\n";
