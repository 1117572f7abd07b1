// Commands that do not wait for answers, while the engine thinks about its moves: each answer must be the right one.

const assert = require('assert')
const {ask, start, stop} = require('./engine')

const ROUNDS = 300

const main = async () => {
  let controller = start()
  await ask(controller, 'boardsize', '19')
  let answers = []
  let send = (name, ...args) => answers.push(controller.sendCommand({id: answers.length, name, args}))
  for (let round = 0; round < ROUNDS; round++) {
    let color = round % 2 === 0 ? 'B' : 'W'
    if (round % 10 === 0) send('genmove', color)
    send('komi', `${round}.5`)
    send('get_komi')
    send('nonsense')
    send('known_command', round % 2 === 0 ? 'genmove' : 'nonsense')
  }
  assert(controller.busy)
  let texts = (await Promise.all(answers)).map(({id, error, content}, i) => {
    assert.strictEqual(id, i)
    return [error, content]
  })
  assert(!controller.busy)
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 10 === 0) {
      let [error, move] = texts.shift()
      assert(!error && /^[A-HJ-T]1?[0-9]$/.test(move), move)
    }
    assert.deepStrictEqual(texts.splice(0, 4), [
      [false, ''],
      [false, `${round}.5`],
      [true, 'unknown command'],
      [false, round % 2 === 0 ? 'true' : 'false']
    ])
  }
  let black = (await ask(controller, 'list_stones', 'B')).split(' ').length
  let white = await ask(controller, 'list_stones', 'W')
  assert(black + white.split(' ').filter(x => x !== '').length <= ROUNDS / 10)
  await stop(controller)
  console.log(JSON.stringify({commands: controller.sent.length}))
}

main()
