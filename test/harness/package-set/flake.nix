{
  description = "Stand-in for nixpkgs in tests: its attribute names, made of this machine's own programs";

  outputs =
    { self }:
    let
      system = "x86_64-linux";
      # The folder is imported as a whole: busybox chooses its applet by the name it is called with.
      static = builtins.path {
        path = ./bin;
        name = "static-programs";
      };
      build =
        name: script:
        derivation {
          inherit name system;
          builder = "${static}/busybox";
          args = [ "sh" "-euc" "b=${static}/busybox; $b mkdir -p $out/bin\n${script}\n$b chmod 0555 $out/bin/*" ];
        };
      bash = build "bash-static-5.2" "$b cp ${static}/bash-static $out/bin/bash; $b ln -s bash $out/bin/sh";
      # Every applet beside the program itself, by relative links: the path works wherever it is copied to.
      busybox = build "busybox-static-1.35" ''
        $b cp ${static}/busybox $out/bin/busybox
        for applet in $($b --list); do
          case $applet in busybox | sh | ash | bash) ;; *) $b ln -s busybox $out/bin/$applet ;; esac
        done
      '';
      # A dynamic program beside its libraries, started by its own loader: the host's are not there in a store or an image.
      dynamic = name: build name ''
        $b cp -r ${self}/dynamic/${name} $out/lib
        echo "#!${bash}/bin/bash
        exec $out/lib/ld-linux* --argv0 ${name} --library-path $out/lib $out/lib/${name} \"\$@\"" >$out/bin/${name}
      '';
    in
    {
      legacyPackages.${system} = {
        inherit bash busybox;
        coreutils = busybox;
        findutils = busybox;
        gawk = busybox;
        gnugrep = busybox;
        gnused = busybox;
        gnutar = dynamic "tar";
        shellcheck = dynamic "shellcheck";
        pkgsStatic = { inherit bash busybox; };
      };
    };
}
