# libraryVersion : string, the version of this library as in package.json; a Lab records what built it.
"0.1.0"
