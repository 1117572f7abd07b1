// Analysis that Sabaki starts at a position and interrupts when its user goes to another one: 100 times, at once or
// after the first line, with each command that Sabaki knows.

const assert = require('assert')
const {ControllerStateTracker} = require('@sabaki/gtp')
const {ask, start, stop} = require('./engine')
const {boardAt, choose, growVariations, newTree, randomNumbers, stateAt, toPlay} = require('./games')

const TIMES = 100
const COMMANDS = ['analyze', 'kata-analyze', 'lz-analyze']
const PAUSES = [0, 1, 5, 20]

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

// Return the moves of a line of infos; each must be legal on the board, and have the values that Sabaki shows.
const checkInfos = (line, board, sign) =>
  line
    .split(/\s*\binfo\s+/)
    .slice(1)
    .map(info => {
      let words = info.trim().split(/\s+/)
      let value = key => words[words.indexOf(key) + 1]
      for (let key of ['move', 'visits', 'winrate', 'pv']) assert(words.includes(key), info)
      assert(+value('visits') >= 0 && +value('winrate') >= 0, info)
      assert.strictEqual(value('pv'), value('move'))
      if (value('move') !== 'pass') {
        let {overwrite, suicide, ko} = board.analyzeMove(sign, board.parseVertex(value('move')))
        assert(!overwrite && !suicide && !ko, info)
      }
      return value('move')
    })

const main = async () => {
  let random = randomNumbers(2)
  let trees = [9, 19].map(size =>
    growVariations(newTree({size, komi: 7.5}), random, {variations: 8, length: 20})
  )
  let controller = start()
  let tracker = new ControllerStateTracker(controller)
  let known = (await ask(controller, 'list_commands')).split('\n')
  let lines = 0
  for (let time = 0; time < TIMES; time++) {
    let tree = choose(random, trees)
    let id = choose(random, [...tree.listNodes()]).id
    let color = toPlay(tree, id)
    await tracker.sync(stateAt(tree, id))
    let board = boardAt(tree, id)
    let name = COMMANDS[time % COMMANDS.length]
    assert(known.includes(name), `no ${name}`)
    let first
    let begun = new Promise(resolve => (first = resolve))
    let analysis = controller.sendCommand({name, args: [color, '10']}, ({line}) => {
      if (!line.startsWith('info ')) return
      let moves = checkInfos(line, board, color === 'B' ? 1 : -1)
      assert(moves.length > 0 && new Set(moves).size === moves.length, line)
      lines++
      first()
    })
    if (time % 2 === 0) {
      await Promise.race([begun, analysis])
      assert(controller.busy)
    }
    await pause(choose(random, PAUSES))
    let interrupt = controller.sendCommand({name: 'protocol_version'})
    let [answer, {content}] = await Promise.all([analysis, interrupt])
    assert(!answer.error, answer.content)
    assert.strictEqual(content, '2')
  }
  assert(lines >= TIMES / 2)
  await stop(controller)
  console.log(JSON.stringify({interrupted: TIMES, lines}))
}

main()
