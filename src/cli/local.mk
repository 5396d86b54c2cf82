# libcount-cli: what the tools share; uses count.h alone of the library.
cli_cppflags = $(public_cppflags) -I$(top_srcdir)/src/cli
