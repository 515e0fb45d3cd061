# toolPath : package -> its bin folder, of the output that nixpkgs would install (`bin`, else `out`).
package: "${if package.outputSpecified or false then package else package.bin or package.out or package}/bin"
