// Jumps between the positions of several game trees, as Sabaki does when its user clicks on the tree: after each jump,
// the engine's board must be the tree's.

const assert = require('assert')
const {ControllerStateTracker} = require('@sabaki/gtp')
const {ask, start, stop} = require('./engine')
const {append, boardAt, choose, growVariations, newTree, randomNumbers, stateAt, stones, toPlay} = require('./games')

const JUMPS = 200
const GENMOVES = 20

// White A1 captures two stones and black A2 captures that one: the position before black A3 recurs, which superko
// forbids and simple ko does not.
const RECURRING = ['B A2', 'W B2', 'B B1', 'W B3', 'B A3', 'W A1', 'B A2', 'W C1']

const trees = random => {
  let recurring = newTree({size: 3, komi: 7.5})
  let id = recurring.root.id
  for (let move of RECURRING) [recurring, id] = append(recurring, id, ...move.split(' '))
  return [
    growVariations(newTree({size: 19, komi: 6.5}), random, {variations: 12, length: 40}),
    growVariations(newTree({size: 19, komi: 0.5, handicap: ['D4', 'D16', 'Q4', 'Q16']}), random, {
      variations: 6,
      length: 30
    }),
    growVariations(newTree({size: 9, komi: 0}), random, {variations: 20, length: 30}),
    growVariations(newTree({size: 6, komi: -3.5}), random, {variations: 20, length: 20}),
    recurring
  ]
}

const compare = async (controller, tree, id) => {
  let board = boardAt(tree, id)
  for (let color of ['B', 'W']) {
    let answer = await ask(controller, 'list_stones', color)
    assert.deepStrictEqual(answer.split(/\s+/).filter(x => x !== '').sort(), stones(board, color))
  }
  assert.strictEqual(+(await ask(controller, 'get_komi')), tree.root.data.KM[0])
}

const compareDiagram = async (controller, tree, id) => {
  let board = boardAt(tree, id)
  let rows = (await ask(controller, 'showboard')).split('\n').slice(1, 1 + board.height)
  rows.forEach((row, y) =>
    row
      .trim()
      .split(/\s+/)
      .slice(1, -1)
      .forEach((mark, x) => assert.strictEqual({X: 1, O: -1}[mark] || 0, board.get([x, y])))
  )
}

const main = async () => {
  let random = randomNumbers(1)
  let all = trees(random)
  let controller = start()
  let tracker = new ControllerStateTracker(controller)
  let ways = {nothing: 0, undo: 0, replay: 0}
  let tree, id

  for (let jump = 0; jump < JUMPS; jump++) {
    let near = jump % 3 === 1
    if (!near) {
      tree = choose(random, all)
      id = choose(random, [...tree.listNodes()]).id
    } else if (tree.get(id).parentId != null) {
      id = tree.get(id).parentId
    }
    let before = controller.sent.length
    await tracker.sync(stateAt(tree, id))
    let names = controller.sent.slice(before).map(({name}) => name)
    ways[names.includes('clear_board') ? 'replay' : names.includes('undo') ? 'undo' : 'nothing']++
    await compare(controller, tree, id)
    await compareDiagram(controller, tree, id)
  }
  assert(ways.undo > 20 && ways.replay > 20, JSON.stringify(ways))

  // The last position of the recurring game, and the moves before it.
  tree = all[all.length - 1]
  for (let node of [...tree.listNodes()].reverse()) {
    await tracker.sync(stateAt(tree, node.id))
    await compare(controller, tree, node.id)
  }

  // The engine's own moves join the tree; it is then in sync without a further command.
  tree = all[1]
  id = tree.root.id
  await tracker.sync(stateAt(tree, id))
  for (let move = 0; move < GENMOVES; move++) {
    let color = toPlay(tree, id)
    let {error, content} = await tracker.queueCommand({name: 'genmove', args: [color]})
    assert(!error, content)
    ;[tree, id] = append(tree, id, color, content)
    let before = controller.sent.length
    await tracker.sync(stateAt(tree, id))
    assert.strictEqual(controller.sent.length, before)
    await compare(controller, tree, id)
  }
  await stop(controller)
  console.log(JSON.stringify({...ways, commands: controller.sent.length}))
}

main()
