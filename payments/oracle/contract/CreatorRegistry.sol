// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The token of a creator: 18 decimals, and a fixed supply that is the creator's at first.
contract CreatorToken {
    uint8 public constant decimals = 18;
    string public name;
    string public symbol;
    uint256 public immutable totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error InsufficientBalance(address account, uint256 balance, uint256 needed);
    error InsufficientAllowance(address spender, uint256 allowed, uint256 needed);

    constructor(string memory name_, string memory symbol_, address creator, uint256 supply) {
        name = name_;
        symbol = symbol_;
        totalSupply = supply;
        balanceOf[creator] = supply;
        emit Transfer(address(0), creator, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert InsufficientAllowance(msg.sender, allowed, value);
            allowance[from][msg.sender] = allowed - value;
        }
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) private {
        uint256 balance = balanceOf[from];
        if (balance < value) revert InsufficientBalance(from, balance, value);
        balanceOf[from] = balance - value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Metrics of creators, their tokens, and records of distributions. One account writes; each operation is done
/// once, however often it is sent. No function takes or moves money.
contract CreatorRegistry {
    uint256 public constant MOST_CREATORS = 200;
    uint256 public constant SUPPLY = 1_000_000 ether;

    struct Distribution {
        uint256 total;
        bytes32 root;
    }

    address public immutable writer;
    /// The block in which an operation was done, 0 for one that was not.
    mapping(bytes16 operation => uint256) public doneAt;
    mapping(bytes16 platform => mapping(address creator => uint256)) private _metrics;
    mapping(bytes16 platform => mapping(address creator => address)) private _tokens;
    mapping(bytes16 platform => mapping(uint256 number => Distribution)) private _distributions;

    event MetricsUpdated(bytes16 indexed operation, bytes16 indexed platform, uint256 creators);
    event TokenCreated(
        bytes16 indexed operation, bytes16 indexed platform, address indexed creator, address token
    );
    event DistributionRecorded(
        bytes16 indexed operation, bytes16 indexed platform, uint256 number, uint256 total, bytes32 root
    );

    error NotTheWriter(address sender);
    error DoneAlready(bytes16 operation);
    error InvalidCreators(uint256 creators, uint256 values);
    error TokenExists(address token);
    error DistributionExists(uint256 number);

    modifier once(bytes16 operation) {
        if (msg.sender != writer) revert NotTheWriter(msg.sender);
        if (doneAt[operation] != 0) revert DoneAlready(operation);
        doneAt[operation] = block.number;
        _;
    }

    constructor(address writer_) {
        writer = writer_;
    }

    /// Each value holds plays, followers, likes and listeners in 48 bits each and, in the highest 64, the
    /// revenue in millionths of a USDC.
    function updateMetrics(
        bytes16 operation,
        bytes16 platform,
        address[] calldata creators,
        uint256[] calldata values
    ) external once(operation) {
        uint256 count = creators.length;
        if (count == 0 || count > MOST_CREATORS || count != values.length) {
            revert InvalidCreators(count, values.length);
        }
        mapping(address => uint256) storage metrics = _metrics[platform];
        for (uint256 i = 0; i < count; i++) metrics[creators[i]] = values[i];
        emit MetricsUpdated(operation, platform, count);
    }

    function createToken(
        bytes16 operation,
        bytes16 platform,
        address creator,
        string calldata name,
        string calldata symbol
    ) external once(operation) {
        address existing = _tokens[platform][creator];
        if (existing != address(0)) revert TokenExists(existing);
        address token = address(new CreatorToken(name, symbol, creator, SUPPLY));
        _tokens[platform][creator] = token;
        emit TokenCreated(operation, platform, creator, token);
    }

    function recordDistribution(
        bytes16 operation,
        bytes16 platform,
        uint256 number,
        uint256 total,
        bytes32 root
    ) external once(operation) {
        Distribution storage record = _distributions[platform][number];
        if (record.root != 0 || record.total != 0) revert DistributionExists(number);
        record.total = total;
        record.root = root;
        emit DistributionRecorded(operation, platform, number, total, root);
    }

    function readMetrics(bytes16 operation, bytes16 platform, address[] calldata creators)
        external
        view
        returns (uint256 done, uint256[] memory values)
    {
        values = new uint256[](creators.length);
        for (uint256 i = 0; i < creators.length; i++) values[i] = _metrics[platform][creators[i]];
        return (doneAt[operation], values);
    }

    function readToken(bytes16 operation, bytes16 platform, address creator)
        external
        view
        returns (uint256 done, address token)
    {
        return (doneAt[operation], _tokens[platform][creator]);
    }

    function readDistribution(bytes16 operation, bytes16 platform, uint256 number)
        external
        view
        returns (uint256 done, uint256 total, bytes32 root)
    {
        Distribution storage record = _distributions[platform][number];
        return (doneAt[operation], record.total, record.root);
    }
}
