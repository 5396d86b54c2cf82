# Shell completions, where each shell looks for them.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_bashcompletion_DATA = \
	completions/bash/count-archive \
	completions/bash/count-flush \
	completions/bash/count-ingest \
	completions/bash/count-manifest \
	completions/bash/count-query
dist_zshcompletion_DATA = completions/zsh/_count
dist_fishcompletion_DATA = \
	completions/fish/count-archive.fish \
	completions/fish/count-flush.fish \
	completions/fish/count-ingest.fish \
	completions/fish/count-manifest.fish \
	completions/fish/count-query.fish
