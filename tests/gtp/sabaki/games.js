// Random game trees as Sabaki keeps them, and what the tree itself says about a node: the commands that lead to its
// position, and the stones on the board by Sabaki's own board, which shares no code with the engine.

const Board = require('@sabaki/go-board')
const GameTree = require('@sabaki/immutable-gametree')

// Return numbers in [0, 1) that depend on the seed alone (mulberry32).
exports.randomNumbers = seed => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

exports.choose = (random, list) => list[Math.floor(random() * list.length)]

// Return a tree whose root holds board size, komi and handicap stones. Properties have the names of SGF, points are
// GTP's vertices.
exports.newTree = ({size, komi, handicap = []}) => {
  let ids = 0
  let root = {id: ids++, data: {SZ: [size], KM: [komi], AB: handicap}, parentId: null, children: []}
  return new GameTree({getId: () => ids++, root})
}

exports.append = (tree, parentId, color, vertex) => {
  let id
  let grown = tree.mutate(draft => (id = draft.appendNode(parentId, {[color]: [vertex]})))
  return [grown, id]
}

// Return the nodes from the root to a node.
const line = (tree, id) => [...tree.listNodesVertically(id, -1, {})].reverse()

const moveOf = node => (node.data.B ? ['B', node.data.B[0]] : node.data.W ? ['W', node.data.W[0]] : null)

// Return the state that ControllerStateTracker.sync brings the engine to.
exports.stateAt = (tree, id) => {
  let {SZ, KM, AB} = tree.root.data
  let moves = line(tree, id).map(moveOf).filter(move => move != null)
  return {
    komi: KM[0],
    boardsize: [SZ[0], SZ[0]],
    history: [
      ...(AB.length > 0 ? [{name: 'set_free_handicap', args: AB}] : []),
      ...moves.map(args => ({name: 'play', args}))
    ]
  }
}

exports.boardAt = (tree, id) => {
  let {SZ, AB} = tree.root.data
  let board = Board.fromDimensions(SZ[0])
  for (let vertex of AB) board = board.makeMove(1, board.parseVertex(vertex))
  for (let node of line(tree, id)) {
    let move = moveOf(node)
    if (move != null) board = board.makeMove(move[0] === 'B' ? 1 : -1, board.parseVertex(move[1]))
  }
  return board
}

exports.toPlay = (tree, id) => {
  let move = line(tree, id).map(moveOf).filter(move => move != null).pop()
  return move == null ? (tree.root.data.AB.length > 0 ? 'W' : 'B') : move[0] === 'B' ? 'W' : 'B'
}

// Return the vertices of all stones of a color, sorted.
exports.stones = (board, color) => {
  let vertices = []
  for (let y = 0; y < board.height; y++) {
    for (let x = 0; x < board.width; x++) {
      if (board.get([x, y]) === (color === 'B' ? 1 : -1)) vertices.push(board.stringifyVertex([x, y]))
    }
  }
  return vertices.sort()
}

// Grow variations of random legal moves and some passes out of random nodes.
exports.growVariations = (tree, random, {variations, length}) => {
  for (let i = 0; i < variations; i++) {
    let id = exports.choose(random, [...tree.listNodes()]).id
    let board = exports.boardAt(tree, id)
    for (let j = 0; j < length; j++) {
      let color = exports.toPlay(tree, id)
      let vertex = randomMove(board, color === 'B' ? 1 : -1, random)
      board = board.makeMove(color === 'B' ? 1 : -1, board.parseVertex(vertex))
      ;[tree, id] = exports.append(tree, id, color, vertex)
    }
  }
  return tree
}

const randomMove = (board, sign, random) => {
  for (let attempts = 0; attempts < 50 && random() > 0.02; attempts++) {
    let vertex = [Math.floor(random() * board.width), Math.floor(random() * board.height)]
    let {overwrite, suicide, ko} = board.analyzeMove(sign, vertex)
    if (!overwrite && !suicide && !ko) return board.stringifyVertex(vertex)
  }
  return 'pass'
}
