// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// USDC as far as GigStream knows it: 6 decimals, and a log for every transfer. Anybody may mint; for tests.
contract Token {
    uint8 public constant decimals = 6;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(to, value);
        return true;
    }

    /// Several transfers in one chain transaction.
    function transferMany(address[] calldata to, uint256[] calldata values) external {
        for (uint256 i = 0; i < to.length; i++) _move(to[i], values[i]);
    }

    function _move(address to, uint256 value) private {
        require(balanceOf[msg.sender] >= value, "insufficient balance");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
    }
}
